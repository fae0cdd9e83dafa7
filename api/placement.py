"""Which order a client asks for, or what is wrong with the request: the first thing that is."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

import base58
from pydantic import TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

from api import errors, placing_errors
from api.amounts import DEFAULT_SLIPPAGE, amount_of, slippage_of
from api.conditions import SNIPER_SLIPPAGE, SNIPER_SPENDS, conditions_of, type_of
from api.errors import Kind, Refusal
from orders import tokens
from orders.events import OrderPlaced
from orders.values import OrderType, Tags, Terms

MAX_USER_ID = 128
MINT_BYTES = 32
FAULTS_HEADER = "X-Simulate-Faults"

_SYMBOL = re.compile(r"[A-Z0-9]{2,10}")
_MINT = re.compile(r"[1-9A-HJ-NP-Za-km-z]{32,44}")
_LONGEST_TOKEN = 44
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_KNOWN = "|".join(token.symbol for token in tokens.KNOWN)

TOKEN_PATTERN = f"^({_SYMBOL.pattern}|{_KNOWN}|{_MINT.pattern})$"
USER_ID_PATTERN = r"^[^\x00-\x1f\x7f-\x9f]+$"
"""What the documentation says of tokens and users; nearly all that fit can be ordered."""
_TAGS: TypeAdapter[tuple[str, ...]] = TypeAdapter(Tags)


@dataclass(frozen=True, slots=True)
class Form:
    """How one family of clients writes an order, and whether of any type."""

    amount: str
    user_required: bool
    tagged: bool
    any_type: bool = False


EXECUTE = Form(amount="amount", user_required=False, tagged=True)
LEGACY = Form(amount="amountIn", user_required=True, tagged=False)
ANY_TYPE = Form(amount="amount", user_required=False, tagged=True, any_type=True)


class Wish(NamedTuple):
    """An order that may be placed, for whom, and in whose words it was asked for.

    The ids are None unless the client named its order.
    """

    form: Form
    user_id: str | None
    terms: Terms
    tags: tuple[str, ...] = ()
    client_order_id: str | None = None
    order_id: str | None = None


def order_of(document: Mapping[str, object], form: Form) -> Wish:
    """Return the order a document asks for; raise `Refusal` with the first rule it breaks.

    The rules are tried in the order of their codes, after the type. Members that no rule names are
    ignored.
    """
    order_type = type_of(document, any_type=form.any_type)
    if order_type == "sniper" and document.get("tokenIn") in (None, ""):
        document = {**document, "tokenIn": SNIPER_SPENDS}
    token_in = _present(document, "tokenIn", placing_errors.MISSING_TOKEN_IN)
    token_out = _present(document, "tokenOut", placing_errors.MISSING_TOKEN_OUT)
    amount = amount_of(
        _present(document, form.amount, placing_errors.MISSING_AMOUNT), token_in, form.amount
    )
    slippage = _slippage(document.get("slippage"), order_type)
    token_in = _token(token_in, placing_errors.INVALID_TOKEN_IN)
    token_out = _token(token_out, placing_errors.INVALID_TOKEN_OUT)
    if tokens.same(token_in, token_out):
        raise Refusal(placing_errors.SAME_TOKEN_SWAP)
    user_id = _user_id(document.get("userId"), required=form.user_required)
    when = conditions_of(document, order_type)
    terms = Terms(token_in=token_in, token_out=token_out, amount=amount, slippage=slippage, **when)
    return Wish(form, user_id, terms, _tags(document.get("tags")) if form.tagged else ())


def difference(wish: Wish, placed: OrderPlaced) -> str | None:
    """Return what the client calls the first member in which the placed order is another one."""
    if wish.user_id != placed.user_id:
        return "userId"
    for name in Terms.__struct_fields__:
        if getattr(wish.terms, name) != getattr(placed.terms, name):
            return {"amount": wish.form.amount, "faults": FAULTS_HEADER}.get(name, to_camel(name))
    return "tags" if set(wish.tags) != set(placed.tags) else None


def _slippage(value: object, order_type: OrderType) -> Decimal:
    if value is None:
        return SNIPER_SLIPPAGE if order_type == "sniper" else DEFAULT_SLIPPAGE
    return slippage_of(value)


def _present(document: Mapping[str, object], field: str, missing: Kind) -> object:
    value = document.get(field)
    if value is None or value == "":
        raise Refusal(missing, field=field)
    return value


def _token(value: object, invalid: Kind) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST_TOKEN or not _is_token(value):
        raise Refusal(invalid)
    return value


@lru_cache(1_000)
def _is_token(name: str) -> bool:
    return _is_symbol(name) or _is_mint(name)


def _is_symbol(name: str) -> bool:
    if _SYMBOL.fullmatch(name):
        return True
    known = tokens.find(name)
    return known is not None and known.symbol == name


def _is_mint(name: str) -> bool:
    return bool(_MINT.fullmatch(name)) and len(base58.b58decode(name)) == MINT_BYTES


def _user_id(value: object, *, required: bool) -> str | None:
    if value is None or value == "":
        if required:
            raise Refusal(errors.MISSING_USER_ID)
        if value is None:
            return None
    if not isinstance(value, str) or not is_user_id(value):
        raise Refusal(errors.INVALID_USER_ID)
    return value


def _tags(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    try:
        tags = _TAGS.validate_python(value)
    except ValidationError:
        raise Refusal(placing_errors.INVALID_TAGS) from None
    if len(set(tags)) < len(tags):
        raise Refusal(placing_errors.INVALID_TAGS)
    return tags


def is_user_id(value: str) -> bool:
    """Return whether a text can name a user."""
    return 0 < len(value) <= MAX_USER_ID and not _UNPRINTABLE.search(value)
