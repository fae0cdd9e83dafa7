"""Where the `engine` command begins: imports nothing large before Ctrl-C is quiet."""

import signal


def main() -> None:
    """Run the command; a Ctrl-C while it is loaded ends it without a traceback."""
    before = signal.getsignal(signal.SIGINT)
    # What a shell starts in the background ignores SIGINT; that stays so.
    if before is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from cli.main import app  # noqa: PLC0415  (the slow part)

    signal.signal(signal.SIGINT, before)
    app()
