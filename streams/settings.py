"""What a stream worker and the delays worker read from their environment."""

from pathlib import Path

from pydantic import Field, PositiveInt

from venues.settings import VenueSettings


class StreamSettings(VenueSettings):
    """Settings of `python -m streams`."""

    max_reactions: PositiveInt = Field(
        default=10_000, description="Orders in flight at once in this worker; the rest are parked."
    )
    max_delayed: PositiveInt = Field(
        default=50_000, description="Retries the delays worker holds in memory at once."
    )
    append_timeout_ms: PositiveInt = Field(
        default=10_000, description="An event not acknowledged by then is appended again."
    )
    session_timeout_ms: PositiveInt = Field(
        default=10_000, description="A worker silent for this long loses its partitions."
    )
    bundled_reads: bool = Field(
        default=True,
        description="Whether Faust hands the log over a fetch at a time; else record by record.",
    )
    scratch_dir: Path | None = Field(
        default=None, description="Where its scratch folder is made. Left out: the system's folder."
    )
    group_instance_id: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9._-]{1,200}$",
        description="This worker's own name in the consumer group, shared with no other: started "
        "again before it has lost its partitions, it goes on with them at once.",
    )
