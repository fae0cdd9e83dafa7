"""What can go wrong when the engine is started on one machine."""


class EngineError(Exception):
    """The engine cannot start or go on; the message is one sentence for the person who asked."""


class Misconfigured(EngineError):
    """A setting or the machine has to be changed by hand; trying again does not help."""


class AlreadyRunning(EngineError):
    """Another engine holds the data directory."""
