"""What the simulated venues, market and chain read from the environment."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field, NonNegativeInt, PositiveInt

from runtime.settings import Settings

Rate = Annotated[float, Field(ge=0, le=1)]
Fee = Annotated[Decimal, Field(ge=0, lt=1, max_digits=12)]
LongestLatency = Annotated[NonNegativeInt, Field(le=600_000)]

QUOTE_MARGIN_MS = 2_000
EXECUTE_MARGIN_MS = 5_000


class VenueSettings(Settings):
    """How the simulated venues behave; derive a process's settings from it to trade or quote."""

    seed: int = Field(default=1, description="Same seed and same moment, same prices.")
    quote_latency_ms: LongestLatency = Field(default=200, description="Time of a quote.")
    execute_latency_ms: LongestLatency = Field(default=1_000, description="Time of an execution.")
    latency_jitter: Rate = Field(
        default=0.1,
        description="A latency is spread evenly by this fraction up and down. Calls end together "
        "in steps of 5 ms, longer ones of a tenth of them or less, at most 80 ms.",
    )
    quote_timeout_ms: PositiveInt | None = Field(
        default=None, description="Left out: the longest latency and 2 seconds."
    )
    execute_timeout_ms: PositiveInt | None = Field(
        default=None, description="Also bounds a resolve. Left out: the longest latency and 5 s."
    )
    raydium_fee: Fee = Field(default=Decimal("0.0025"), description="Raydium's part of a swap.")
    meteora_fee: Fee = Field(default=Decimal("0.0030"), description="Meteora's part of a swap.")
    quote_error_rate: Rate = Field(
        default=0, description="Quotes that end as NETWORK or THROTTLED, one as often as the other."
    )
    execute_error_rate: Rate = Field(
        default=0, description="Executions lost on their way to the chain."
    )
    lost_answer_rate: Rate = Field(
        default=0, description="Executions that settle while their answer is lost."
    )
    late_answer_rate: Rate = Field(
        default=0, description="Executions that land around their time-out, waited for or not."
    )
    market_volatility: float = Field(
        default=0.0002,
        ge=0,
        le=0.01,
        description="Standard deviation of a price's change in a second; 0: it stands still.",
    )
    block_interval_ms: NonNegativeInt = Field(
        default=5, le=1_000, description="Executions are collected so long after a block."
    )
    chain_url: str = Field(
        default="postgresql://postgres@127.0.0.1:5432/chain",
        pattern=r"^postgres(ql)?://",
        description="The simulated chain's own database.",
    )
    fault_injection: bool = Field(
        default=False, description="Whether orders may ask the simulation for faults, and get them."
    )

    @property
    def quote_timeout(self) -> float:
        """Return how long a quote may take, in seconds."""
        return self._limit(self.quote_timeout_ms, self.quote_latency_ms, QUOTE_MARGIN_MS)

    @property
    def execute_timeout(self) -> float:
        """Return how long an execution or a resolution may take, in seconds."""
        return self._limit(self.execute_timeout_ms, self.execute_latency_ms, EXECUTE_MARGIN_MS)

    def _limit(self, timeout_ms: int | None, latency_ms: int, margin_ms: int) -> float:
        longest_ms = latency_ms * (1 + self.latency_jitter)
        return (timeout_ms or longest_ms + margin_ms) / 1_000
