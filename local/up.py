"""`engine up`: everything from an empty folder to a running engine, and back."""

import logging
import os
import shutil
import time
from collections.abc import Sequence
from contextlib import closing
from socket import socket

from api.access import AccessSettings
from local import checks, copies, datadir, state
from local.child import Child
from local.console import Console
from local.errors import EngineError, Misconfigured
from local.options import Options
from local.plan import Place, environment, tiers
from local.ports import address, listen
from local.servers import Servers, choose
from local.state import Endpoints
from local.stopping import StopRequest, stop_on_signals
from local.supervisor import Supervisor, Tier


def run(options: Options) -> None:
    """Run the engine until SIGINT or SIGTERM. Raises EngineError when it cannot start."""
    started_at = time.monotonic()
    # What goes wrong is told in sentences; the library's own retries are not news.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    checks.require_known(os.environ)
    checks.require_valid(options)
    if options.fresh and (options.kafka or options.database_url or options.chain_url):
        raise Misconfigured(
            "--fresh empties the data directory, not servers of others: "
            "leave it out, or unset ENGINE_KAFKA, ENGINE_DATABASE_URL and ENGINE_CHAIN_URL"
        )
    if options.kafka and options.brokers != 1:
        raise Misconfigured(
            "--brokers is for a Kafka of the engine's own: leave it out, or unset ENGINE_KAFKA"
        )
    directory = options.data_dir.resolve()
    with (
        datadir.held(directory, fresh=options.fresh),
        closing(listen(options.host, options.port)) as api_socket,
    ):
        left = datadir.end_leftovers(directory)
        if options.fresh:
            datadir.empty(directory)
        place = Place(directory)
        shutil.rmtree(place.holds, ignore_errors=True)
        console = Console(place.log_file("engine"), as_json=options.log_json)
        if left:
            console.say(f"ended what a killed engine had left: {', '.join(left)}", "warning")
        console.say(f"starting; the data is in {directory}")
        servers = choose(options, place, console.say)
        with stop_on_signals() as stop:
            _Run(options, place, servers, api_socket, console).until(stop, started_at)


class _Run:
    """One run of the engine, from the first process to the last."""

    def __init__(
        self,
        options: Options,
        place: Place,
        servers: Servers,
        api_socket: socket,
        console: Console,
    ) -> None:
        self._options = options
        self._place = place
        self._servers = servers
        self._console = console
        self._ready = False
        self._endpoints = Endpoints(
            kafka=servers.kafka,
            database_url=servers.database_url,
            chain_url=servers.chain_url,
            url=address(api_socket),
            topic_prefix=options.topic_prefix,
            partitions=options.partitions,
        )
        self._api_socket = api_socket.fileno()

    def until(self, stop: StopRequest, started_at: float) -> None:
        """Run until asked to stop; leave nothing running, however it ends."""
        supervisor = Supervisor(self._console, stop, self._write_state, self._is_held)
        try:
            supervisor.start(self._tiers())
            if not stop.requested:
                self._ready = True
                self._write_state(supervisor.children)
                self._greet(time.monotonic() - started_at)
                supervisor.watch()
        except EngineError:
            if not stop.requested:
                raise
        finally:
            self._ready = False
            self._console.say("stopping")
            stopping_at = time.monotonic()
            supervisor.stop()
            (self._place.directory / state.FILE).unlink(missing_ok=True)
            self._console.say(f"stopped in {time.monotonic() - stopping_at:.1f} s")

    def _tiers(self) -> list[Tier]:
        servers = Tier(
            self._servers.own,
            meanwhile=copies.import_ours,
            then=lambda: self._servers.make_ready(self._options),
        )
        ours = tiers(self._options, self._endpoints, self._place, self._api_socket)
        return [servers, *(Tier(programs) for programs in ours)]

    def _is_held(self, name: str) -> bool:
        return self._place.hold_file(name).exists()

    def _write_state(self, children: Sequence[Child]) -> None:
        engine = state.describe(
            self._endpoints,
            children,
            ready=self._ready,
            environment=environment(self._options, self._endpoints),
        )
        state.write(self._place.directory, engine)

    def _greet(self, seconds: float) -> None:
        url = self._endpoints.url
        self._console.say(f"ready after {seconds:.1f} s")
        self._console.say(f"API        {url}/api/orders/execute")
        self._console.say(f"Access     {AccessSettings().who_may}")
        self._console.say(f"Docs       {url}/docs")
        self._console.say(f"WebSocket  {url.replace('http', 'ws', 1)}/ws/<orderId>")
        self._console.say(f"Logs       {self._place.log_file('engine').parent}")
        self._console.say("Ctrl-C stops it")
