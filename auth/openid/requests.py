"""HTTP requests as Authlib reads them."""

from collections import defaultdict

from authlib.oauth2.rfc6749.requests import OAuth2Payload, OAuth2Request
from flask import request
from werkzeug.datastructures import MultiDict

from consortium.kernel.settings import current_settings


class Payload(OAuth2Payload):
    """The parameters of one request, from one place only."""

    def __init__(self, values: MultiDict[str, str]) -> None:
        """Take query or form, never both: RFC 6749 says where each belongs."""
        self._values = values

    @property
    def data(self) -> dict[str, str]:
        """The first value of each parameter; empty ones count as absent (section 3.1)."""
        return {name: value for name, value in self._values.items() if value}

    @property
    def datalist(self) -> defaultdict[str, list[str]]:
        """Every value of each parameter."""
        return defaultdict(list, self._values.to_dict(flat=False))


class ProviderRequest(OAuth2Request):
    """A request to the provider under its own address, whatever Host header came with it."""

    payload: Payload

    def __init__(self, values: MultiDict[str, str]) -> None:
        """Bind Flask's current request and the parameters that count."""
        uri = f"{current_settings().issuer}{request.path}"
        super().__init__(method=request.method, uri=uri, headers=dict(request.headers))
        self.payload = Payload(values)

    @property
    def form(self) -> dict[str, str]:
        """The parameters; Authlib reads token requests here."""
        return self.payload.data
