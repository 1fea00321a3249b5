"""Pages and protocol doors of auth."""

from auth.views import addresses, authorize, enrolment, logout, sign_in, sites
from auth.views.openid import blueprint as openid_blueprint
from auth.views.pages import blueprint as pages_blueprint

__all__ = [
    "addresses",
    "authorize",
    "enrolment",
    "logout",
    "openid_blueprint",
    "pages_blueprint",
    "sign_in",
    "sites",
]
