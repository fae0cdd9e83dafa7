"""Run `python -m api`; the only code here that makes ids and clocks."""

import logging
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import time_ns
from types import FrameType

import uvicorn

from api.app import create_app, leave
from api.ids import Randomness, uuid7
from api.parts import Sources
from api.serving import BACKLOG, server_config
from api.settings import ApiSettings
from runtime.clock import local_clock
from runtime.garbage import collect_rarely
from runtime.logs import configure
from runtime.open_files import raise_limit
from runtime.ready import announce
from runtime.settings import stop

logger = logging.getLogger(__name__)

LAST_WORDS_S = 1.0
STUCK_CLIENT_MS = 30_000
OBJECTS_OF_MANY_CHANGES = 10_000
"""The collector must not take these for garbage: to look through all that a thousand clients need
stops everybody for a tenth of a second. What they leave behind, in cycles, it has to find."""


class Server(uvicorn.Server):
    """Announces when it serves, and remembers why it had to stop."""

    def __init__(
        self,
        config: uvicorn.Config,
        ready_file: Path | None,
        leave: Callable[[], Awaitable[None]],
    ) -> None:
        super().__init__(config)
        self._leave = leave
        self.failure: str | None = None
        self._ready_file = ready_file

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to serve, then say so."""
        await super().startup(sockets)
        collect_rarely(OBJECTS_OF_MANY_CHANGES)
        if self.started:
            announce(self._ready_file)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Tell the clients of the feeds where they can resume, then stop serving."""
        await self._leave()
        await super().shutdown(sockets)

    def fail(self, sentence: str) -> None:
        """Stop for good: starting again as it is configured is no use."""
        self.failure = sentence
        self.should_exit = True


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    settings = ApiSettings.read()
    configure(settings.process, as_json=settings.log_json, level=settings.log_level)
    _hush()
    if settings.log_level != "debug":
        _quieten()
    raise_limit()
    listening = _listening(settings)
    logger.info("who may", extra={"auth": settings.who_may})
    server: Server | None = None

    def fail(sentence: str) -> None:
        if server is not None:
            server.fail(sentence)

    clock = local_clock(settings)
    app = create_app(settings, Sources(clock, _new_id, fail))
    config = server_config(app, settings.proxies)
    server = Server(config, settings.ready_file, lambda: leave(app, LAST_WORDS_S))
    server.run(sockets=[listening])
    if server.failure:
        stop(server.failure)


def _hush() -> None:
    """Leave out, at any level, what libraries tell of headers and messages: tokens are in them."""
    for name in ("uvicorn.error", "websockets", "httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _quieten() -> None:
    """Leave out what libraries tell of every request, or many times a second in an outage."""
    for name, level in (
        ("uvicorn", logging.WARNING),
        ("uvicorn.error.clients", logging.ERROR),
        ("psycopg.pool", logging.ERROR),
        ("aiokafka", logging.CRITICAL),
    ):
        logging.getLogger(name).setLevel(level)


def _listening(settings: ApiSettings) -> socket.socket:
    try:
        listening = _inherited(settings.api_fd) if settings.api_fd is not None else _bound(settings)
    except OSError as error:
        reason = error.strerror or str(error)
        if settings.api_fd is not None:
            stop(f"ENGINE_API_FD is {settings.api_fd}, which is no listening socket: {reason}.")
        where = f"Port {settings.port} of {settings.host}"
        stop(f"{where} cannot be used ({reason}): choose another with ENGINE_PORT.")
    if sys.platform == "linux":
        # Connections inherit it: a client that takes nothing at all for so long is cut off.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, STUCK_CLIENT_MS)
    return listening


def _inherited(number: int) -> socket.socket:
    return socket.socket(fileno=number)


def _bound(settings: ApiSettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((settings.host, settings.port))
    listening.listen(BACKLOG)
    return listening


def _new_id() -> str:
    return uuid7(time_ns() // 1_000_000, _random.digits())


def _leave(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)


_random = Randomness()

if __name__ == "__main__":
    main()
