"""Headers that tell browsers to keep what is answered here to themselves, on every answer."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

NOTHING = "default-src 'none'; frame-ancestors 'none'"
NO_FRAME = "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
"""For the pages of the documentation, which fetch their scripts from elsewhere."""
PAGES = frozenset({"/docs", "/docs/oauth2-redirect", "/redoc"})
_ALWAYS = (
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cache-control", "no-store"),
)
OF_ANSWER = (*_ALWAYS, ("content-security-policy", NOTHING))
OF_PAGE = (*_ALWAYS, ("content-security-policy", NO_FRAME))

_RAW_OF_ANSWER, _RAW_OF_PAGE = (
    [(name.encode(), value.encode()) for name, value in headers] for headers in (OF_ANSWER, OF_PAGE)
)

_NAMES = frozenset(name for name, _ in _RAW_OF_ANSWER)


class Safety:
    """Adds the headers to each answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and mark its answer."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        added = _RAW_OF_PAGE if scope["path"] in PAGES else _RAW_OF_ANSWER

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = message.get("headers", [])
                if _NAMES.isdisjoint([name for name, _ in given]):
                    message["headers"] = [*given, *added]
                else:
                    names = {name for name, _ in given}
                    message["headers"] = [*given, *(one for one in added if one[0] not in names)]
            await send(message)

        return await self._app(scope, receive, marked)
