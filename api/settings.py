"""What an API process reads from its environment."""

from datetime import timedelta

from pydantic import Field, PositiveInt

from api.access import AccessSettings
from venues.settings import VenueSettings


class ApiSettings(AccessSettings, VenueSettings):
    """Settings of `python -m api`; of the venues' it needs what their quotes come from."""

    host: str = Field(default="127.0.0.1", description="The address the API listens on.")
    port: int = Field(default=3000, ge=0, le=65535, description="Its port; 0 takes a free one.")
    api_fd: int | None = Field(
        default=None, ge=0, description="An inherited listening socket; wins over host and port."
    )
    append_patience_ms: PositiveInt = Field(
        default=5_000, description="A placement not acknowledged by then is answered 503."
    )
    placement_window_ms: PositiveInt = Field(
        default=10_000, description="A placement appended later than this is void."
    )
    max_placements: PositiveInt = Field(
        default=5_000, description="Placements that wait for the log at once in this process."
    )
    max_unfinished: PositiveInt = Field(
        default=200_000, description="Placements are refused while more orders are unfinished."
    )
    read_patience_ms: PositiveInt = Field(
        default=2_000, description="How long the read of a new order waits for the projection."
    )
    max_reads_waiting: PositiveInt = Field(
        default=1_000,
        description="Reads that wait for the projection at once in this process; a user of tokens "
        "may have a quarter of them wait for an X-Log-Position.",
    )
    read_connections: PositiveInt = Field(
        default=8, description="Connections to PostgreSQL that reads share."
    )
    feed_buffer: PositiveInt = Field(
        default=1_000, description="Changes a WebSocket client may be behind; then it is dropped."
    )
    max_streams: PositiveInt = Field(
        default=100,
        description="Long answers of the feed at once in this process; a user of tokens may have a "
        "quarter of them.",
    )
    max_previews: PositiveInt = Field(
        default=200, description="Previews that wait for the venues at once in this process."
    )
    lag_degraded: PositiveInt = Field(
        default=10_000, description="Events the projection may be behind before health says so."
    )

    @property
    def append_patience(self) -> timedelta:
        """Return how long a placement waits for its acknowledgement."""
        return timedelta(milliseconds=self.append_patience_ms)

    @property
    def placement_window(self) -> timedelta:
        """Return how long after its making a placement may still reach the log."""
        return timedelta(milliseconds=self.placement_window_ms)

    @property
    def read_patience(self) -> timedelta:
        """Return how long a read waits for the projection to reach the end of the log."""
        return timedelta(milliseconds=self.read_patience_ms)

    @property
    def streams_each(self) -> int:
        """Return how many long answers of the feed one user may have at once in this process."""
        return max(1, self.max_streams // 4)

    @property
    def reads_waiting_each(self) -> int:
        """Return how many reads of one user may wait for their writes at once in this process."""
        return max(1, self.max_reads_waiting // 4)
