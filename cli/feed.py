"""Follows one order over the WebSocket."""

import json
from typing import Any

import typer
from rich.console import Console
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, ConnectionClosedOK, InvalidHandshake, InvalidURI

from cli.failures import Failure

COLOURS = {"pending": "yellow", "executing": "cyan", "completed": "green", "failed": "red"}
EXTRAS = {
    "executedPrice": "at",
    "txHash": "tx",
    "error": "because",
}


async def follow(base: str, order_id: str, headers: dict[str, str], *, as_json: bool) -> None:
    """Show each change of the order until its end. Raises Failure when it failed or is refused."""
    address = f"{base.replace('http', 'ws', 1)}/ws/{order_id}"
    last: dict[str, Any] = {}
    try:
        async with connect(address, additional_headers=headers) as feed:
            async for message in feed:
                last = json.loads(message, parse_float=str, parse_int=str)
                if last.get("type") == "authenticate":
                    raise Failure("The engine asks for a token: name one with ENGINE_TOKEN")
                # A change of an order may tell an error, too; only a problem has a title.
                if "error" in last and "title" in last:
                    raise Failure(f"{last.get('message', 'The feed is refused')} ({last['error']})")
                _show(str(message), last, as_json=as_json)
    except ConnectionClosedOK:
        pass
    except ConnectionClosed as error:
        raise Failure(f"The feed of order {order_id} broke off: {error}") from error
    except (OSError, InvalidHandshake, InvalidURI) as error:
        raise Failure(f"There is no feed at {address}: {error}") from error
    if last.get("status") == "failed":
        raise Failure(f"Order {order_id} failed: {last.get('error', 'no reason told')}")


def _show(raw: str, change: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        typer.echo(raw)
        return
    status = change.get("status", "")
    colour = COLOURS.get(status, "white")
    extras = " ".join(f"{word} {change[name]}" for name, word in EXTRAS.items() if change.get(name))
    time = str(change.get("timestamp", ""))[11:23]
    line = f"{time}  [{colour}]{status:<10}[/{colour}] {change.get('message', '')} {extras}"
    Console(soft_wrap=True).print(line.rstrip(), highlight=False)
