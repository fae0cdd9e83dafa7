"""Why a command that talks to an engine did not do what it was asked."""

from pathlib import Path

from local.errors import EngineError


class Failure(EngineError):
    """The command failed; the message is one sentence for the person who asked."""

    exit_code = 1


class NotRunning(Failure):
    """There is no engine to talk to."""

    exit_code = 3

    def __init__(self, data_dir: Path, options: str = "--data-dir") -> None:
        super().__init__(
            f"No engine is running on {data_dir}: start one with `engine up`, "
            f"or name another with {options}"
        )


class NotReady(Failure):
    """There is an engine, but there is no talking to it."""

    exit_code = 3

    def __init__(self, data_dir: Path, pid: int) -> None:
        super().__init__(
            f"The engine on {data_dir} (pid {pid}) is still starting or just stopping: "
            "try again in a moment"
        )


class CannotCheck(Failure):
    """What was asked for cannot be read, or not as it was asked; nothing was found out."""

    exit_code = 2
