"""The OpenID Provider: Authlib's grants, bound to our services.

Where Authlib and we differ, the reason is written beside it: it issues before it consumes, lets
clients without PKCE through, reads token requests from the query, and fails on characters that
its own error messages may not hold.
"""
