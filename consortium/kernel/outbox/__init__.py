"""News: rows written in the business transaction, numbered after commit, handed on in order."""
