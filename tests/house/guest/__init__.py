"""A sixth feature, for tests: a visitors' book. Composed by wsgi.create_app, known to nobody."""
