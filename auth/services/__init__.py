"""Verbs of auth: one verb, one transaction."""
