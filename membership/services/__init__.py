"""Verbs of membership: what other packages may call."""
