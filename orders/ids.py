"""The id of an order whose client named it: the same name, the same order, whoever computes it."""

from uuid import UUID, uuid5

_CLIENT_ORDERS = UUID("5b1f6f7e-2d0b-5c63-9d0c-6f3f6f1c1b57")


def order_id_of(user_id: str, client_order_id: str) -> str:
    """Return the order id of a client order id: a UUID of version 5 (RFC 9562, section 5.5).

    Neither text holds a NUL, so no two pairs make the same name.
    """
    return str(uuid5(_CLIENT_ORDERS, f"{user_id}\0{client_order_id}"))
