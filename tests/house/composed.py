"""The house with the guest in it: what FLASK_APP names when campaigns need a handler."""

import wsgi
from tests.house.guest.feature import FEATURE as GUEST

app = wsgi.create_app(features=(*wsgi.FEATURES, GUEST))
