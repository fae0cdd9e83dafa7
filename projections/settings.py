"""What the projector reads from its environment."""

from datetime import timedelta

from pydantic import Field

from runtime.settings import Settings


class ProjectorSettings(Settings):
    """Settings of `python -m projections`."""

    projector_lease_ms: int = Field(
        default=3000, ge=500, description="A projector that is silent this long is replaced."
    )
    projector_batch: int = Field(default=5000, ge=1, description="Most records in a transaction.")
    projector_linger_ms: int = Field(
        default=2,
        ge=0,
        le=1000,
        description="How long after a batch the next, unless it is full, waits for more at least.",
    )

    @property
    def lease(self) -> timedelta:
        """Return how long the lease holds after it was last renewed."""
        return timedelta(milliseconds=self.projector_lease_ms)

    @property
    def linger(self) -> timedelta:
        """Return how long after a batch the next, unless it is full, waits for more at least."""
        return timedelta(milliseconds=self.projector_linger_ms)
