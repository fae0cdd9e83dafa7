"""What a measurement must not share an interpreter with: functions and servers run apart."""

import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, contextmanager
from multiprocessing import get_context
from typing import NamedTuple, ParamSpec, TypeVar

import uvicorn

from api.serving import server_config
from local.ports import address, listen
from runtime.open_files import raise_limit

PATIENCE_S = 600
STOP_S = 10

P = ParamSpec("P")
T = TypeVar("T")


def apart(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return what the function returns, called in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *args, **kwargs).result(PATIENCE_S)


class Served(NamedTuple):
    """Where a server is, and its process."""

    url: str
    pid: int


@contextmanager
def serving(app: str) -> Iterator[Served]:
    """Serve an application, `module:name`, as the API is served, until the block ends."""
    with closing(listen("127.0.0.1", 0)) as listening:
        process = get_context("spawn").Process(target=_serve, args=(app, listening), daemon=True)
        process.start()
        try:
            yield Served(address(listening), process.pid or 0)
        finally:
            process.terminate()
            process.join(STOP_S)


def _serve(app: str, listening: socket.socket) -> None:
    raise_limit()
    uvicorn.Server(server_config(app)).run(sockets=[listening])
