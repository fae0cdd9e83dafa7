"""What a person can choose when starting the engine."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Options:
    """The choices of `engine up`; the defaults are those of its help."""

    data_dir: Path
    host: str = "127.0.0.1"
    port: int = 3000
    workers: int = 1
    api_workers: int = 1
    projectors: int = 1
    fresh: bool = False
    seed: int = 1
    quote_latency_ms: int = 200
    execute_latency_ms: int = 1000
    partitions: int = 8
    brokers: int = 1
    topic_prefix: str = ""
    kafka: str | None = None
    database_url: str | None = None
    chain_url: str | None = None
    log_json: bool = False
    log_level: str = "info"
