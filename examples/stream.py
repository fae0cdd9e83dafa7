"""Follow every order of the engine as server-sent events, and miss nothing whatever breaks.

`python examples/stream.py [URL] [LAST_EVENT_ID]`, by default http://localhost:3000/api/events from
its beginning. An engine that asks who you are takes the token in ENGINE_TOKEN. Needs `httpx-sse`.
"""

import os
import sys
import time

import httpx
from httpx_sse import ServerSentEvent, connect_sse

URL = "http://localhost:3000/api/events"
TOKEN = os.environ.get("ENGINE_TOKEN")
BEARING = {"Authorization": f"Bearer {TOKEN}"} if TOKEN else {}
PAUSE_S = 1
SILENCE_S = 15
"""The engine says something every 5 seconds; a connection that is silent for longer is dead."""


def follow(url: str, last_id: str) -> None:
    """Print each event once, in the order of the feed; connect again where it broke off."""
    with httpx.Client(headers=BEARING, timeout=SILENCE_S) as client:
        while True:
            headers = {"Last-Event-ID": last_id} if last_id else {}
            try:
                with connect_sse(
                    client, "GET", url, params={"follow": "true"}, headers=headers
                ) as source:
                    give_up_unless_retryable(source.response)
                    for event in source.iter_sse():
                        last_id = event.id or last_id
                        show(event)
            except httpx.TransportError as broken:
                print(f"connecting again: {broken!r}", file=sys.stderr)
            time.sleep(PAUSE_S)


def show(event: ServerSentEvent) -> None:
    """Print what happened; heartbeats only tell that the connection lives."""
    if event.event != "heartbeat":
        record = event.json()
        print(event.id, record["orderId"], record["type"], flush=True)


def give_up_unless_retryable(answer: httpx.Response) -> None:
    """End for a request that can never succeed; a feed that is away for a moment comes back."""
    if answer.is_error:
        answer.read()
        problem = answer.json()
        if not problem["retryable"]:
            sys.exit(problem["message"])
        raise httpx.ReadError(problem["message"])


if __name__ == "__main__":
    url, *more = sys.argv[1:] or [URL]
    follow(url, more[0] if more else "")
