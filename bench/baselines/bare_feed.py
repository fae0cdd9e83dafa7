"""WebSockets served by uvicorn that send a text given once to all who are there, and no more."""

from fastapi import FastAPI, WebSocket, WebSocketDisconnect

READY = '{"type":"caughtUp"}'

app = FastAPI()
_clients: list[WebSocket] = []


@app.websocket("/ws")
async def listen(socket: WebSocket) -> None:
    """Take a client in once it has said something."""
    await socket.accept()
    await socket.receive_text()
    await socket.send_text(READY)
    _clients.append(socket)
    try:
        while True:
            await socket.receive()
    except (WebSocketDisconnect, RuntimeError):
        _clients.remove(socket)


@app.websocket("/send")
async def send(socket: WebSocket) -> None:
    """Send the second text to every client as often as the first says, and say so."""
    await socket.accept()
    times, text = int(await socket.receive_text()), await socket.receive_text()
    for _ in range(times):
        for client in _clients:
            await client.send_text(text)
    await socket.send_text("sent")
