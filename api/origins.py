"""Which web pages may let their visitors' browsers place orders here and open sockets.

Browsers send a page's origin with all but plain reads, and keep answers from pages of others.
"""

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope

from api.errors import ORIGIN_REFUSED, Refusal

LOCALHOST = "localhost"


@dataclass(frozen=True, slots=True)
class Origins:
    """The origins that are listed, `*` for all.

    Where everybody is let in, a page needs nothing but a visitor who can reach the engine: it must
    be listed, or of the engine's own machine when none is. Where tokens are asked for, a page that
    has one may, unless others are listed.
    """

    listed: frozenset[str]
    tokens: bool

    def require(self, scope: Scope) -> None:
        """Raise `Refusal` for a page that may not; whatever is no page may."""
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        if origin is not None and not self._may(origin, headers.get("host")):
            raise Refusal(ORIGIN_REFUSED)

    def _may(self, origin: str, host: str | None) -> bool:
        if self.listed & {"*", origin}:
            return True
        try:
            page = urlsplit(origin)
        except ValueError:
            return False
        own = page.netloc == host
        if self.tokens:
            return own or not self.listed
        # A name can be made to lead here by whoever owns it, an address cannot.
        name = page.hostname or ""
        if own:
            return name == LOCALHOST or _is_ip(name)
        return _is_local(name) and not self.listed


def _is_local(name: str) -> bool:
    return name == LOCALHOST or (_is_ip(name) and ip_address(name).is_loopback)


def _is_ip(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
