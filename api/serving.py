"""How uvicorn serves the API; a baseline of the benchmarks is served the same way."""

from collections.abc import Sequence

import uvicorn
from fastapi import FastAPI

from api.heads import HttpProtocol
from api.upgrades import SocketProtocol

BACKLOG = 2048
DRAIN_S = 2
MAX_MESSAGE = 64 * 1024


def server_config(app: FastAPI | str, proxies: Sequence[str] = ()) -> uvicorn.Config:
    """Return uvicorn's settings for an application, or for one named `module:name`.

    What the `proxies` say of the client's address and scheme is believed, of nobody else.
    """
    return uvicorn.Config(
        app,
        loop="uvloop",
        http=HttpProtocol,
        ws=SocketProtocol,
        access_log=False,
        log_config=None,
        server_header=False,
        backlog=BACKLOG,
        timeout_keep_alive=65,
        timeout_graceful_shutdown=DRAIN_S,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=list(proxies),
        ws_max_size=MAX_MESSAGE,
        ws_ping_interval=20,
        ws_ping_timeout=20,
        ws_per_message_deflate=False,
    )
