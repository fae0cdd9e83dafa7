"""What can go wrong with an order, as values, and the exceptions of a misused domain."""

from enum import StrEnum

from orders.written import Written


class Code(StrEnum):
    """Why an attempt or an order ended without a fill."""

    NETWORK = "NETWORK"
    TIMEOUT = "TIMEOUT"
    THROTTLED = "THROTTLED"
    SLIPPAGE_EXCEEDED = "SLIPPAGE_EXCEEDED"
    STALE_QUOTE = "STALE_QUOTE"
    INVALID_ANSWER = "INVALID_ANSWER"
    INTERNAL = "INTERNAL"
    NO_LIQUIDITY = "NO_LIQUIDITY"
    UNKNOWN_TOKEN = "UNKNOWN_TOKEN"  # noqa: S105 -- a token of trade, not a secret
    INVALID_ORDER = "INVALID_ORDER"
    INSUFFICIENT_FUNDS = "INSUFFICIENT_FUNDS"
    QUARANTINED = "QUARANTINED"
    PRICE_NOT_REACHED = "PRICE_NOT_REACHED"
    VERSION_CHANGED = "VERSION_CHANGED"
    NOT_RESTING = "NOT_RESTING"
    TOO_MANY_WISHES = "TOO_MANY_WISHES"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"


FATAL = frozenset(
    {
        Code.NO_LIQUIDITY,
        Code.UNKNOWN_TOKEN,
        Code.INVALID_ORDER,
        Code.INSUFFICIENT_FUNDS,
        Code.QUARANTINED,
        Code.VERSION_CHANGED,
        Code.NOT_RESTING,
        Code.CANCELLED,
        Code.EXPIRED,
    }
)


class Reason(Written, frozen=True):
    """A failure as a value: a code for programs, a sentence for people."""

    code: Code
    message: str

    @property
    def retryable(self) -> bool:
        """Return whether another attempt may do better."""
        return self.code not in FATAL


class OrderError(Exception):
    """Root of the domain's exceptions."""


class NotAnEvent(OrderError):
    """The bytes do not hold an event of this log; the message says what is wrong with them."""


class NewerSchema(OrderError):
    """The log was written by a newer engine than this one: upgrade it before reading on."""

    def __init__(self, found: int, known: int) -> None:
        super().__init__(
            f"the log holds schema version {found}, this engine knows {known}: "
            "upgrade the engine and start it again"
        )
        self.found = found
