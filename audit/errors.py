"""Why an audit could not be done: its message is one sentence for the person who asked."""


class Unreadable(Exception):
    """The log, the tables or the ledger cannot be read as far as an answer needs them."""


class Unusable(Exception):
    """What was asked for cannot be done as it was asked."""
