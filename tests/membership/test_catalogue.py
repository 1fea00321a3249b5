"""Grades and classes: kept by those who keep the roster, by command as well."""

import json
from typing import Any

import pytest
from flask import Flask

from consortium.kernel.clock import FixedClock
from consortium.kernel.principal import SYSTEM
from consortium.services.organisations import register_organisation
from membership.errors import CatalogueInvalid
from membership.services import catalogue


@pytest.fixture
def astro(app: Flask, clock: FixedClock) -> Flask:
    """A society that has just been registered."""
    register_organisation(SYSTEM, code="astro", name_zh="天文学会", name_en="Astro")
    return app


def run(app: Flask, *words: str) -> tuple[int, list[Any]]:
    done = app.test_cli_runner().invoke(args=["membership", *words, "--json"])
    return done.exit_code, [json.loads(line) for line in done.stdout.splitlines()]


def test_a_new_society_gets_its_grades_and_classes_by_command(astro: Flask) -> None:
    names = ("--name-zh", "普通会员", "--name-en", "Ordinary", "--since", "2020-01-01")
    added = run(astro, "grade", "add", "--society", "astro", "--code", "ordinary", "--rank", "1", *names)  # fmt: skip  # noqa: E501
    assert (added[0], added[1][0]["code"]) == (0, "ordinary")
    names = ("--name-zh", "个人会员", "--name-en", "Individual")
    assert run(astro, "class", "add", "--society", "astro", "--code", "individual", *names)[0] == 0
    assert [line["code"] for line in run(astro, "grade", "list", "--society", "astro")[1]] == [
        "ordinary"
    ]
    assert [line["code"] for line in run(astro, "class", "list", "--society", "astro")[1]] == [
        "individual"
    ]


def test_a_grade_needs_a_code_and_both_names(astro: Flask) -> None:
    for code, name_zh, name_en in (("", "a", "b"), ("Große", "a", "b"), ("a", " ", "b")):
        with pytest.raises(CatalogueInvalid):
            catalogue.add_grade(
                SYSTEM, society="astro", code=code, name_zh=name_zh, name_en=name_en, rank=1
            )


def test_an_unknown_society_is_refused(astro: Flask) -> None:
    words = ("--code", "a", "--name-zh", "a", "--name-en", "b")
    code, (problem,) = run(astro, "class", "add", "--society", "nope", *words)
    assert (code, problem["code"]) == (1, "organisation-not-found")
