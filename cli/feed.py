"""Follows one order, or all, over the WebSocket."""

import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager, suppress
from typing import Any, TypeAlias

import typer
from rich.console import Console
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI

from cli.failures import Failure

CLOSE_TIMEOUT_S = 1.0
"""While events come that nobody reads any more the engine's goodbye stands behind them."""
COLOURS = {
    "pending": "yellow",
    "open": "blue",
    "executing": "cyan",
    "completed": "green",
    **dict.fromkeys(("failed", "cancelled", "expired"), "red"),
}
WITHOUT_FILL = {"cancelled": "was cancelled", "expired": "expired"}
EXTRAS = {
    "executedPrice": "at",
    "txHash": "tx",
    "error": "because",
}
ENDS = {
    "goingAway": "The engine stops",
    "slowConsumer": "Events come faster than they are read here",
}

Message: TypeAlias = dict[str, Any]


async def follow(base: str, order_id: str, headers: dict[str, str], *, as_json: bool) -> None:
    """Show each change of the order until its end. Raises Failure when it failed or is refused."""
    last: Message = {}
    async with (
        _feed(f"{base}/ws/{order_id}", headers) as feed,
        aclosing(_messages(feed)) as messages,
    ):
        async for raw, last in messages:
            _show_change(raw, last, as_json=as_json)
    if last.get("status") == "failed":
        raise Failure(f"Order {order_id} failed: {last.get('error', 'no reason told')}")
    if last.get("status") in WITHOUT_FILL:
        raise Failure(f"Order {order_id} {WITHOUT_FILL[last['status']]}")


async def follow_all(
    base: str, headers: dict[str, str], since: int | None, count: int | None, *, as_json: bool
) -> None:
    """Show so many events of all orders that one may see, or every one that comes.

    It begins after a seq of the feed, or now. Raises Failure when the feed ends before.
    """
    shown, place = 0, since
    async with _feed(f"{base}/ws", headers) as feed, aclosing(_messages(feed)) as messages:
        begin = {} if since is None else {"fromSeq": since + 1}
        wish = {"op": "subscribe", "id": 1, "filter": {"all": True}, "superseded": True, **begin}
        # An engine that refuses has closed by then; what it said is read all the same.
        with suppress(ConnectionClosed):
            await feed.send(json.dumps(wish))
        async for _, message in messages:
            if message["type"] in ENDS:
                raise Failure(f"{ENDS[message['type']]}{_advice(place)}")
            place = message.get("seq", place)
            if message["type"] == "event":
                _show_event(message["event"], as_json=as_json)
                shown += 1
                if shown == count:
                    return
    raise Failure(f"The feed ended{_advice(place)}")


def _advice(place: int | None) -> str:
    return "" if place is None else f"; to go on from there: --since {place}"


@asynccontextmanager
async def _feed(address: str, headers: dict[str, str]) -> AsyncIterator[ClientConnection]:
    address = address.replace("http", "ws", 1)
    try:
        feed = await connect(address, additional_headers=headers, close_timeout=CLOSE_TIMEOUT_S)
    except (OSError, ValueError, InvalidHandshake, InvalidURI) as error:
        raise Failure(f"There is no feed at {address}: {error}") from error
    try:
        async with feed:
            yield feed
    except ConnectionClosed as error:
        raise Failure(f"The feed at {address} broke off: {error}") from error


async def _messages(feed: ClientConnection) -> AsyncGenerator[tuple[str, Message], None]:
    """Yield each message, as it came and read, until the feed ends normally."""
    async for raw in feed:
        message = json.loads(raw, parse_float=str)
        if message.get("type") == "authenticate":
            raise Failure("The engine asks for a token: name one with ENGINE_TOKEN")
        # A change of an order may tell an error, too; only a problem has a title.
        if "error" in message and "title" in message:
            raise Failure(f"{message.get('message', 'The feed is refused')} ({message['error']})")
        yield str(raw), message


def _show_change(raw: str, change: Message, *, as_json: bool) -> None:
    if as_json:
        typer.echo(raw)
        return
    status = change.get("status", "")
    colour = COLOURS.get(status, "white")
    extras = " ".join(f"{word} {change[name]}" for name, word in EXTRAS.items() if change.get(name))
    time = str(change.get("timestamp", ""))[11:23]
    line = f"{time}  [{colour}]{status:<10}[/{colour}] {change.get('message', '')} {extras}"
    Console(soft_wrap=True).print(line.rstrip(), highlight=False)


def _show_event(event: Message, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(event))
        return
    note = " [dim](superseded)[/dim]" if event["superseded"] else ""
    line = (
        f"{event['occurredAt'][11:26]}  {event['seq']:>6}  {event['orderId']}  "
        f"v{event['version'] or '-'}  [bold]{event['type']}[/bold]{note}"
    )
    Console(soft_wrap=True).print(line, highlight=False)
