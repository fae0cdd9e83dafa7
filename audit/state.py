"""What an export remembers beside its output, so that it goes on where it stopped.

The output is written and made durable first, then this file; what the output holds beyond it was
written in vain and is cut off before going on.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from audit.errors import Unusable


class State(BaseModel):
    """How far an export is: the offset each partition goes on at, and what of the output counts.

    `size` is in bytes for one file, in files for a folder of parts.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: str
    topic: str
    following: list[int]
    size: int = 0
    records: int = 0


def file_of(out: Path) -> Path:
    """Return where the state of an output stands."""
    return out.with_name(f"{out.name}.state.json")


def read(out: Path) -> State | None:
    """Return the state of an output, or None where there is none; raise `Unusable` for another."""
    file = file_of(out)
    try:
        return State.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError as error:
        raise Unusable(f"{file} is no state of an export: choose another --out") from error


def write(out: Path, state: State) -> None:
    """Replace the state; whoever reads it, whatever happens, sees the old one or the new."""
    file = file_of(out)
    new = file.with_name(f"{file.name}.new")
    with new.open("wb") as opened:
        opened.write(state.model_dump_json().encode())
        opened.flush()
        os.fsync(opened.fileno())
    new.replace(file)
    sync_folder(out.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


@contextmanager
def alone(out: Path) -> Iterator[None]:
    """Keep others from the output, a file or a folder; raise `Unusable` when one is there."""
    opened = os.open(out, os.O_RDONLY)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise Unusable(f"Another export is at work on {out}") from None
    finally:
        os.close(opened)
