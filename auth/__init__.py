"""Persons, accounts, sessions, role grants, and the OpenID Provider of the node."""
