"""What is needed no more: how often Python looks for it, and that the system gets it back."""

import ctypes
import gc

_OBJECTS_BETWEEN_COLLECTIONS = 200_000

_LIBC = ctypes.CDLL(None)


def collect_rarely(objects: int = _OBJECTS_BETWEEN_COLLECTIONS) -> None:
    """Look only when so many objects more are there than the last time, and never among today's.

    The default suits a process that folds the log. A batch makes many objects, none in cycles:
    looking for those took a fifth of the CPU.
    """
    gc.freeze()
    gc.set_threshold(objects)


def give_back() -> None:
    """Give the system back what was freed in large pieces, where the C library can be told to.

    glibc keeps it: what reading a log and tables took for a moment would stay for good.
    """
    if trim := getattr(_LIBC, "malloc_trim", None):
        trim(0)
