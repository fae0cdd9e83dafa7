"""The `engine` command: its subcommands, and how a failure ends it."""

import os
import sys
from typing import Any

import typer
from typer.core import TyperGroup

from cli import (
    events,
    explain,
    letters,
    market,
    orders,
    place,
    projection,
    quarantine,
    replay,
    settings,
    status,
    tokens,
    topics,
    up,
    verify,
    watch,
)
from cli.failures import Failure
from local.errors import AlreadyRunning, EngineError, Misconfigured

EXIT_CODES = """
Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 no engine is running, 4 an engine
is already running, 130 ended by Ctrl-C; `engine up`, which a Ctrl-C stops in order, ends with 0.
"""
HELP = """
Runs an order execution engine on this machine, and talks to it.

\b
  engine up                          start it; Ctrl-C stops it
  engine place SOL USDC 10 --watch   place an order, see what happens to it
  engine orders --open               orders that have not ended
  engine cancel 0b8e3f6c-…           an order ended before it is filled
  engine watch                       see everything that happens
  engine explain 0b8e3f6c-…          why an order went as it did
  engine status                      its processes, its orders, its lag
  engine verify                      whether anything was lost or done twice
  engine market tick SOL/USDC 151.2  the simulated market moved there
  engine projection rebuild          its tables made anew from the log
  engine dead-letters list           records of the log that do not count, and why
  engine quarantine list             orders whose history is impossible
  engine token create                who one is, for an engine that asks
  engine settings                    every ENGINE_ variable, its default and meaning

The commands find the engine by its data directory: .engine in the present folder, or --data-dir,
or ENGINE_DATA_DIR.
"""


class Commands(TyperGroup):
    """The commands; a foreseeable failure is one sentence and an exit code, never a traceback."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401  (its type is private to typer)
        """Run the chosen command."""
        try:
            return super().invoke(ctx)
        except EngineError as error:
            typer.echo(f"Error: {error}", err=True)
            raise typer.Exit(exit_code(error)) from error
        except BrokenPipeError:
            # Whoever read our output has seen enough; Python must not try to write the rest.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(1) from None
        except OSError as error:
            typer.echo(f"Error: {error}", err=True)
            raise typer.Exit(1) from error
        except KeyboardInterrupt:
            raise typer.Exit(130) from None


def exit_code(error: EngineError) -> int:
    """Return what a command ends with that failed for this reason."""
    match error:
        case Failure():
            return error.exit_code
        case Misconfigured():
            return 2
        case AlreadyRunning():
            return 4
        case _:
            return 1


app = typer.Typer(
    cls=Commands,
    help=HELP,
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("up")(up.up)
app.command("status")(status.status)
app.command("place")(place.place)
app.command("orders")(orders.orders)
app.command("cancel")(orders.cancel)
app.command("watch")(watch.watch)
app.command("explain")(explain.explain)
app.command("verify")(verify.check)
app.command("replay")(replay.replay)
app.command("settings")(settings.settings)
app.add_typer(events.app, name="events")
app.add_typer(topics.app, name="topics")
app.add_typer(market.app, name="market")
app.add_typer(tokens.app, name="token")
app.add_typer(letters.app, name="dead-letters")
app.add_typer(quarantine.app, name="quarantine")
app.add_typer(projection.app, name="projection")

if __name__ == "__main__":
    app()
