"""Pages of membership."""

from flask import Blueprint

from membership.views import agreements, members, recognitions, roster

BLUEPRINTS: tuple[Blueprint, ...] = (
    recognitions.blueprint,
    agreements.blueprint,
    members.blueprint,
    roster.blueprint,
)
