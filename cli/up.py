"""`engine up`: its options, each also an environment variable."""

from typing import Annotated

import typer

from cli.target import DEFAULT_DATA_DIR, DataDir
from local.options import Options
from local.up import run

API = "The API"
PROCESSES = "How many processes"
MARKET = "The simulated market"
SERVERS = "Kafka and PostgreSQL"
LOGS = "Logs"

Host = Annotated[
    str, typer.Option(envvar="ENGINE_HOST", rich_help_panel=API, help="The address it listens on.")
]
Port = Annotated[
    int,
    typer.Option(
        envvar="ENGINE_PORT",
        rich_help_panel=API,
        min=0,
        max=65535,
        help="Its port; 0 takes a free one.",
    ),
]
Workers = Annotated[
    int,
    typer.Option(envvar="ENGINE_WORKERS", rich_help_panel=PROCESSES, min=1, help="Stream workers."),
]
ApiWorkers = Annotated[
    int,
    typer.Option(
        envvar="ENGINE_API_WORKERS", rich_help_panel=PROCESSES, min=1, help="API processes."
    ),
]
Projectors = Annotated[
    int,
    typer.Option(
        envvar="ENGINE_PROJECTORS",
        rich_help_panel=PROCESSES,
        min=1,
        help="Projectors; one works, the others stand by.",
    ),
]
Fresh = Annotated[
    bool,
    typer.Option("--fresh", envvar="ENGINE_FRESH", help="Forget everything and start empty."),
]
Seed = Annotated[
    int,
    typer.Option(
        envvar="ENGINE_SEED",
        rich_help_panel=MARKET,
        help="The same seed at the same moment, the same prices.",
    ),
]
QuoteLatency = Annotated[
    int,
    typer.Option(
        envvar="ENGINE_QUOTE_LATENCY_MS", rich_help_panel=MARKET, min=0, help="Time of a quote."
    ),
]
ExecuteLatency = Annotated[
    int,
    typer.Option(
        envvar="ENGINE_EXECUTE_LATENCY_MS",
        rich_help_panel=MARKET,
        min=0,
        help="Time of an execution.",
    ),
]
Partitions = Annotated[
    int,
    typer.Option(
        envvar="ENGINE_PARTITIONS",
        rich_help_panel=SERVERS,
        min=1,
        help="Partitions of each topic; chosen once.",
    ),
]
Brokers = Annotated[
    int,
    typer.Option(
        envvar="ENGINE_BROKERS",
        rich_help_panel=SERVERS,
        min=1,
        max=3,
        help="Kafka brokers: 1, or 3 of which one may die; chosen once.",
    ),
]
TopicPrefix = Annotated[
    str,
    typer.Option(
        envvar="ENGINE_TOPIC_PREFIX",
        rich_help_panel=SERVERS,
        help="Keeps several engines on one Kafka apart.",
    ),
]
KafkaAddress = Annotated[
    str | None,
    typer.Option(
        "--kafka", envvar="ENGINE_KAFKA", rich_help_panel=SERVERS, help="host:port of one to use."
    ),
]
DatabaseUrl = Annotated[
    str | None,
    typer.Option(
        envvar="ENGINE_DATABASE_URL", rich_help_panel=SERVERS, help="A PostgreSQL to use."
    ),
]
ChainUrl = Annotated[
    str | None,
    typer.Option(
        envvar="ENGINE_CHAIN_URL",
        rich_help_panel=SERVERS,
        help="The simulated chain's database; else 'chain' beside the other.",
    ),
]
LogJson = Annotated[
    bool,
    typer.Option(
        "--log-json",
        envvar="ENGINE_LOG_JSON",
        rich_help_panel=LOGS,
        help="Log JSON; PostgreSQL's own log stays text.",
    ),
]
LogLevel = Annotated[
    str,
    typer.Option(
        envvar="ENGINE_LOG_LEVEL", rich_help_panel=LOGS, help="debug, info, warning or error."
    ),
]


def up(
    *,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    fresh: Fresh = False,
    host: Host = Options.host,
    port: Port = Options.port,
    workers: Workers = Options.workers,
    api_workers: ApiWorkers = Options.api_workers,
    projectors: Projectors = Options.projectors,
    seed: Seed = Options.seed,
    quote_latency_ms: QuoteLatency = Options.quote_latency_ms,
    execute_latency_ms: ExecuteLatency = Options.execute_latency_ms,
    kafka: KafkaAddress = None,
    database_url: DatabaseUrl = None,
    chain_url: ChainUrl = None,
    partitions: Partitions = Options.partitions,
    brokers: Brokers = Options.brokers,
    topic_prefix: TopicPrefix = Options.topic_prefix,
    log_json: LogJson = False,
    log_level: LogLevel = Options.log_level,
) -> None:
    """Start the engine and keep it running; Ctrl-C stops it.

    Starts Kafka, PostgreSQL and every process of the engine, waits until they are ready, prints the
    addresses, and starts again whatever dies. The data stays in the data directory.

    \b
    Examples:
      engine up
      engine up --port 8080 --workers 2 --api-workers 2
      engine up --workers 2 --projectors 2 --brokers 3
      engine up --fresh --seed 7 --quote-latency-ms 0 --execute-latency-ms 0
      ENGINE_KAFKA=broker:9092 ENGINE_DATABASE_URL=postgresql://me@db/engine engine up
    """
    run(Options(**locals()))
