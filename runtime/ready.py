"""How a process tells its supervisor that it serves."""

from pathlib import Path


def announce(ready_file: Path | None) -> None:
    """Create the file the supervisor (or a health check) waits for, when one is named."""
    if ready_file is not None:
        ready_file.touch()
