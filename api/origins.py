"""Which web pages may let their visitors' browsers place orders here and open sockets.

Browsers send a page's origin with all but plain reads, and keep answers from pages of others.
"""

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.types import Scope

from api.errors import ORIGIN_REFUSED, Refusal
from api.given import header

LOCALHOST = "localhost"


@dataclass(frozen=True, slots=True)
class Origins:
    """The origins that are listed, `*` for all.

    Where everybody is let in, a page needs nothing but a visitor who can reach the engine: it must
    be listed, or of the engine's own machine when none is. Where tokens are asked for, a page that
    has one may, unless others are listed. The engine's own pages always may; but under a name of
    an engine that listens on its own machine alone, only as localhost: whoever owns another name
    can make it lead there.
    """

    listed: frozenset[str]
    tokens: bool
    host: str

    def require(self, scope: Scope) -> None:
        """Raise `Refusal` for a page that may not; whatever is no page may."""
        headers = scope["headers"]
        origin = header(headers, b"origin")
        if origin is not None and not self._may(origin, header(headers, b"host")):
            raise Refusal(ORIGIN_REFUSED)

    def _may(self, origin: str, host: str | None) -> bool:
        if self.listed & {"*", origin}:
            return True
        try:
            page = urlsplit(origin)
        except ValueError:
            return False
        own, name = page.netloc == host, page.hostname or ""
        if own and (self.tokens or not _is_local(self.host)):
            return True
        if self.tokens:
            return not self.listed
        return _is_local(name) and (own or not self.listed)


def _is_local(name: str) -> bool:
    try:
        return name == LOCALHOST or ip_address(name).is_loopback
    except ValueError:
        return False
