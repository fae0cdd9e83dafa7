"""Client order ids as requests give them: in a header, in the body, or in both alike."""

from collections.abc import Mapping

from pydantic import TypeAdapter, ValidationError
from starlette.datastructures import Headers

from api import placing_errors
from api.errors import Refusal
from api.placement import Wish
from orders.ids import order_id_of
from orders.values import ClientOrderId

HEADER = "Idempotency-Key"
_RAW = HEADER.lower().encode()
FIELD = "clientOrderId"
_NAME: TypeAdapter[str] = TypeAdapter(ClientOrderId)
SCHEMA = _NAME.json_schema()


def named(wish: Wish, document: Mapping[str, object], headers: Headers) -> Wish:
    """Return the wish with its client order id and the order id that follows, if it has one.

    Raises `Refusal` for an id that is none, for two that differ, and for one without a user.
    """
    given: list[tuple[str, object]] = [
        (HEADER, value.decode("latin-1")) for name, value in headers.raw if name == _RAW
    ]
    if document.get(FIELD) is not None:
        given.append((FIELD, document[FIELD]))
    if not given:
        return wish
    names = {_valid(value, field) for field, value in given}
    if len(names) > 1:
        raise Refusal(
            placing_errors.INVALID_CLIENT_ORDER_ID,
            f"{HEADER} and {FIELD} name the order, once or alike, and here they differ: send one.",
        )
    if wish.user_id is None:
        raise Refusal(placing_errors.USER_REQUIRED)
    [name] = names
    return wish._replace(client_order_id=name, order_id=order_id_of(wish.user_id, name))


def _valid(value: object, field: str) -> str:
    try:
        return _NAME.validate_python(value)
    except ValidationError:
        raise Refusal(placing_errors.INVALID_CLIENT_ORDER_ID, field=field) from None
