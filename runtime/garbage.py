"""How often Python looks for garbage that counting references does not find."""

import gc

_OBJECTS_BETWEEN_COLLECTIONS = 200_000


def collect_rarely(objects: int = _OBJECTS_BETWEEN_COLLECTIONS) -> None:
    """Look only when so many objects more are there than the last time, and never among today's.

    The default suits a process that folds the log. A batch makes many objects, none in cycles:
    looking for those took a fifth of the CPU.
    """
    gc.freeze()
    gc.set_threshold(objects)
