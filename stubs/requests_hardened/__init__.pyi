from requests_hardened.client import HTTPSession as HTTPSession
from requests_hardened.config import Config as Config
