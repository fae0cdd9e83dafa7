"""How many files and sockets a process may hold open."""

import resource

ENOUGH = 2**20


def raise_limit() -> int:
    """Raise the soft limit as far as the hard one lets it, and return what it is then.

    A shell often allows 1,024: as many clients would leave no socket for Kafka or PostgreSQL.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = resource.RLIM_INFINITY
    wanted = ENOUGH if hard == unlimited else min(hard, ENOUGH)
    if soft == unlimited or soft >= wanted:
        return soft
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (OSError, ValueError):
        # Some systems have a lower limit of their own, which cannot be asked for.
        return soft
    return wanted
