"""The Kafka and the PostgreSQL that an engine uses: its own, or those that were named to it."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import psycopg

from local import cluster, jars
from local.errors import EngineError
from local.options import Options
from local.plan import Place
from local.ports import remembered_ports
from local.postgres import Postgres, create_databases
from local.program import Program
from local.topics import Layout, create_topics
from orders.topics import Topics

CONNECT_TIMEOUT = 10


@dataclass(frozen=True, slots=True)
class Servers:
    """Where the two are, and which of them this engine runs itself."""

    kafka: str
    database_url: str
    chain_url: str
    own: Sequence[Program]

    def make_ready(self, options: Options) -> None:
        """Create the databases and topics that are not there yet. Raises EngineError."""
        for url in (self.database_url, self.chain_url):
            ensure_database(url)
        layout = Layout(options.partitions, options.brokers)
        asyncio.run(create_topics(self.kafka, Topics(options.topic_prefix), layout))


def choose(options: Options, place: Place, say: Callable[[str], None]) -> Servers:
    """Return the servers of the engine: its own ones prepared, not started. Raises EngineError.

    `say` is told what was changed on this machine outside the data directory.
    """
    own: list[Program] = []
    address, database_url = options.kafka, options.database_url
    if address is None:
        cluster.require(place.directory / "kafka", options.brokers)
    ports = remembered_ports(
        place.directory / "ports.json", ("postgres", *cluster.port_names(options.brokers))
    )
    if database_url is None:
        postgres = Postgres(place.directory / "postgres", ports["postgres"])
        postgres.prepare(say)
        own.append(postgres.program(place.log_file("postgres")))
        database_url = postgres.url("engine")
    if address is None:
        kafka = cluster.in_directory(
            place.directory / "kafka",
            ports,
            options.brokers,
            jars.fetch(),
            log_json=options.log_json,
        )
        kafka.prepare()
        own.extend(node.program(place.log_file(node.name)) for node in kafka.nodes)
        address = kafka.bootstrap
    chain_url = options.chain_url or beside(database_url, "chain")
    return Servers(address, database_url, chain_url, own)


def beside(url: str, name: str) -> str:
    """Return the URL of the database of that name on the same server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def ensure_database(url: str) -> None:
    """Create the database of the URL if its server has none of that name. Raises EngineError."""
    try:
        psycopg.connect(url, connect_timeout=CONNECT_TIMEOUT).close()
    except psycopg.Error as error:
        # A refused connection carries no code, only its words.
        if "does not exist" not in str(error):
            raise EngineError(
                f"PostgreSQL cannot be used: {' '.join(str(error).split())}"
            ) from error
        create_databases(beside(url, "postgres"), [urlsplit(url).path.removeprefix("/")])
