"""The adapter of the venue port: bounds each call and reads whatever comes back, or does not.

Every answer is checked before it is believed. No price is computed here and nothing is simulated.
"""

from collections.abc import Awaitable
from typing import Annotated

from msgspec import Meta, MsgspecError, convert

from orders.errors import Code, Reason
from orders.ports import Refused, Unknown, Void
from orders.values import Execution, Fill, Quote, Terms, VenueName
from runtime.patience import Patience
from venues.exchange import Answer, Exchange, Rejected

MESSAGE_MAX = 500
"""Characters of a reason that are kept: an event with it must not outgrow what Kafka takes."""

_NO_ANSWER = (Rejected, OSError)
_UNREADABLE = (MsgspecError, ArithmeticError)


class _Settled(Fill, frozen=True, rename={"tx_hash": "signature"}, forbid_unknown_fields=False):
    """A fill as a venue tells it."""

    tx_hash: Annotated[str, Meta(pattern=r"^[!-~]{1,128}\Z")]

    @property
    def fill(self) -> Fill:
        """Return it as events tell it."""
        return Fill(
            tx_hash=self.tx_hash,
            executed_price=self.executed_price,
            amount_in=self.amount_in,
            amount_out=self.amount_out,
            fee=self.fee,
            slot=self.slot,
        )


class Dex:
    """A DEX behind the port `orders.ports.Venue`. Time-outs are in seconds."""

    def __init__(self, exchange: Exchange, quote_timeout: float, execute_timeout: float) -> None:
        self._exchange = exchange
        self._quote_patience = Patience(quote_timeout)
        self._execute_patience = Patience(execute_timeout)

    @property
    def name(self) -> VenueName:
        """Return the venue's name as events carry it."""
        return self._exchange.name

    async def quote(self, terms: Terms, attempt: int) -> Quote | Reason:
        """Return what the venue would give now, or why it would not."""
        try:
            with self._quote_patience.bounded():
                answer = await self._exchange.quote(terms, attempt)
        except _NO_ANSWER as error:
            return self._reason(error, self._quote_patience)
        try:
            return convert({**answer, "venue": self.name}, Quote)
        except _UNREADABLE:
            return self._unreadable("quote")

    async def execute(self, execution: Execution) -> Fill | Refused | Unknown:
        """Send the swap; the same execution id sent again gets the first answer again.

        An id that was made void is refused with the retryable code TIMEOUT.
        """
        outcome = await self._settle(self._exchange.execute(execution))
        if isinstance(outcome, Void):
            message = f"{execution.execution_id} was given up before it landed"
            return Refused(Reason(code=Code.TIMEOUT, message=message))
        return outcome

    async def resolve(self, execution_id: str) -> Fill | Refused | Void | Unknown:
        """Return what became of an execution id, making it void for ever if it has not landed."""
        return await self._settle(self._exchange.outcome(execution_id))

    async def _settle(self, call: Awaitable[Answer]) -> Fill | Refused | Void | Unknown:
        try:
            with self._execute_patience.bounded():
                answer = await call
        except _NO_ANSWER as error:
            return Unknown(self._reason(error, self._execute_patience))
        try:
            return _settled(answer)
        except _UNREADABLE:
            return Unknown(self._unreadable("settlement"))

    def _reason(self, error: Rejected | OSError, patience: Patience) -> Reason:
        match error:
            case Rejected():
                return _cut(error.reason)
            case TimeoutError():
                message = f"{self.name} did not answer within {patience.seconds:g} s"
                return Reason(code=Code.TIMEOUT, message=message)
            case _:
                return _cut(Reason(code=Code.NETWORK, message=str(error)))

    def _unreadable(self, what: str) -> Reason:
        message = f"{self.name} sent a {what} that cannot be read"
        return Reason(code=Code.INVALID_ANSWER, message=message)


def _settled(answer: Answer) -> Fill | Refused | Void:
    match answer.get("status"):
        case "refused":
            code, message = answer.get("code"), answer.get("reason")
            return Refused(_cut(convert({"code": code, "message": message}, Reason)))
        case "void":
            return Void()
        case _:
            return convert(answer, _Settled).fill


def _cut(reason: Reason) -> Reason:
    # Half a character of UTF-16 may come out of JSON, and cannot be written to any.
    message = reason.message[:MESSAGE_MAX].encode(errors="replace").decode()
    return Reason(code=reason.code, message=message)
