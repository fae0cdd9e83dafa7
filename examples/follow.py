"""Follow every order of the engine over its WebSocket, and miss nothing whatever breaks.

`python examples/follow.py [URL] [FROM_SEQ]`, by default ws://localhost:3000/ws from now on. An
engine that asks who you are takes the token in ENGINE_TOKEN.
"""

import asyncio
import json
import os
import sys

import websockets

URL = "ws://localhost:3000/ws"
TOKEN = os.environ.get("ENGINE_TOKEN")
BEARING = {"Authorization": f"Bearer {TOKEN}"} if TOKEN else {}
PAUSE_S = 1


async def follow(url: str, from_seq: int | None) -> None:
    """Print each change once, in the order of the feed; connect again where it broke off."""
    place = {} if from_seq is None else {"fromSeq": from_seq}
    while True:
        try:
            async with websockets.connect(url, additional_headers=BEARING) as socket:
                wish = {"op": "subscribe", "id": 1, "filter": {"all": True}, **place}
                await socket.send(json.dumps(wish))
                async for text in socket:
                    message = json.loads(text)
                    if message["type"] == "subscribed":
                        place = {"fromSeq": message["seq"] + 1, "epoch": message["epoch"]}
                    if message["type"] == "event":
                        place["fromSeq"] = message["seq"] + 1
                        order, event = message["order"], message["event"]
                        print(message["seq"], order["id"], event["type"], flush=True)
                    if message["type"] == "error":
                        if not message["retryable"]:
                            sys.exit(message["message"])
                        break
        except (OSError, websockets.WebSocketException) as broken:
            print(f"connecting again: {broken}", file=sys.stderr)
        await asyncio.sleep(PAUSE_S)


if __name__ == "__main__":
    url, *more = sys.argv[1:] or [URL]
    asyncio.run(follow(url, int(more[0]) if more else None))
