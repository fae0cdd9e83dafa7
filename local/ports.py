"""Free TCP ports of 127.0.0.1, and the ones an engine had before."""

import errno
import json
import socket
from collections.abc import Iterable
from contextlib import suppress
from ipaddress import ip_address
from itertools import islice
from pathlib import Path
from random import SystemRandom

from local.errors import Misconfigured

LOCALHOST = "127.0.0.1"

_NOT_GIVEN_OUT = range(20_000, 32_000)
"""No outgoing connection is given one of these, so none takes it before its server does."""


def free_ports(count: int) -> list[int]:
    """Return so many ports that nobody listens on."""
    return list(islice(filter(is_free, SystemRandom().sample(_NOT_GIVEN_OUT, 1000)), count))


def remembered_ports(file: Path, names: Iterable[str]) -> dict[str, int]:
    """Return a port for each name: the one of the last time if it is still free, or a new one.

    The file keeps them for the next time, so that addresses stay the same over restarts.
    """
    before: dict[str, int] = {}
    with suppress(FileNotFoundError, ValueError):
        before = json.loads(file.read_text())
    names = list(names)
    new = free_ports(len(names))
    ports = {
        name: before[name] if name in before and is_free(before[name]) else fresh
        for name, fresh in zip(names, new, strict=True)
    }
    file.write_text(json.dumps(ports))
    return ports


def is_free(port: int) -> bool:
    """Return whether nobody listens on the port."""
    with socket.socket() as probe:
        # As the servers do: a connection that is still closing does not hold the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOCALHOST, port))
        except OSError:
            return False
    return True


def address(listening: socket.socket) -> str:
    """Return the URL at which this machine reaches the socket."""
    name, port = listening.getsockname()[:2]
    host = ip_address(name)
    if host.version == 6:
        return f"http://[{'::1' if host.is_unspecified else host}]:{port}"
    return f"http://{LOCALHOST if host.is_unspecified else host}:{port}"


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket of the HTTP API. Raises Misconfigured when the port is taken."""
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
            raise Misconfigured(
                f"{host} is no address of this machine: choose another with --host or ENGINE_HOST"
            ) from error
        raise Misconfigured(
            f"Port {port} of {host} cannot be used ({error.strerror}): "
            "choose another with --port or ENGINE_PORT"
        ) from error
    listening.listen(2048)
    return listening
