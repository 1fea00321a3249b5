from requests.adapters import HTTPAdapter

class IPFilterAdapter(HTTPAdapter):
    def __init__(
        self, is_https_proto: bool, allow_loopback: bool = False, tls_sni_support: bool = True
    ) -> None: ...
