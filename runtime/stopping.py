"""Lets a program's work go on until SIGTERM or SIGINT."""

import asyncio
import signal


async def told_to_stop(work: asyncio.Task[None], again_after: float | None = None) -> bool:
    """Return whether the work was told to stop, when it has ended; False when it ended by itself.

    A stop cancels it, and again after so many seconds, for the first may wait for a server that
    does not answer. Raises what the work raises, and RuntimeError when a library cancelled it.
    """
    loop = asyncio.get_running_loop()

    def end() -> None:
        work.cancel()
        if again_after is not None:
            loop.call_later(again_after, work.cancel)

    for told in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(told, end)
    try:
        await work
    except asyncio.CancelledError:
        if not work.cancelling():
            raise RuntimeError("a library cancelled what nobody wanted to end") from None
        return True
    return False
