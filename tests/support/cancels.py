"""The wishes to cancel that an api under test has asked for."""

from orders.events import OrderCancelRequested

OTHER_ID = "0d5e9c1a-0000-4000-8000-000000000002"
"""No order's."""


def cancels(api):
    """Return them as they stand in the log."""
    return [event for event in api.log.events if isinstance(event, OrderCancelRequested)]
