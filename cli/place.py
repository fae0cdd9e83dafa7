"""`engine place`."""

import asyncio
import json
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

import httpx
import typer

from cli.failures import Failure
from cli.feed import follow
from cli.target import DEFAULT_DATA_DIR, AsJson, DataDir, Token, Url, api_url, bearing

REQUEST_TIMEOUT = 15
LARGEST_EXPONENT = 40
"""Far beyond what the API takes; the number is sent with every digit, and 1e999999999 has many."""


def _number(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise typer.BadParameter(f"{text!r} is not a number") from None
    if not number.is_finite():
        raise typer.BadParameter(f"{text!r} is not a finite number")
    if abs(number.adjusted()) > LARGEST_EXPONENT:
        raise typer.BadParameter(f"{text!r} is out of all bounds")
    return number


def place(  # noqa: PLR0913  (one argument for each option)
    token_in: Annotated[str, typer.Argument(help="What you sell: a symbol or a mint address.")],
    token_out: Annotated[str, typer.Argument(help="What you buy.")],
    amount: Annotated[
        Decimal, typer.Argument(parser=_number, metavar="AMOUNT", help="How much you sell.")
    ],
    *,
    slippage: Annotated[
        Decimal | None,
        typer.Option(parser=_number, metavar="PART", help="Worst loss accepted: 0.01 is 1 %."),
    ] = None,
    user: Annotated[str | None, typer.Option(help="Whose order it is.")] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Show what happens, to the end.")] = False,
    as_json: AsJson = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    url: Url = None,
    token: Token = None,
) -> None:
    """Place a market order.

    \b
    Examples:
      engine place SOL USDC 10 --slippage 0.01 --watch
      engine place SOL USDC 10 --json | jq -r .orderId

    With --watch it ends with the order, and fails (exit code 1) when the order failed.
    """
    base = api_url(url, data_dir)
    order = {
        "tokenIn": token_in,
        "tokenOut": token_out,
        "amount": amount,
        "slippage": slippage,
        "userId": user,
    }
    answer = _post(f"{base}/api/orders/execute", order, bearing(token))
    order_id = answer.json()["orderId"]
    typer.echo(answer.text if as_json else f"Order {order_id} is placed")
    if watch:
        asyncio.run(follow(base, order_id, bearing(token), as_json=as_json))


def _post(url: str, order: dict[str, Any], headers: dict[str, str]) -> httpx.Response:
    try:
        answer = httpx.post(
            url,
            content=encode(order),
            headers={"content-type": "application/json", **headers},
            timeout=REQUEST_TIMEOUT,
        )
    except httpx.HTTPError as error:
        raise Failure(f"The API at {url} does not answer: {error}") from error
    except httpx.InvalidURL as error:
        raise Failure(f"{url} is no address of an API: {error}") from error
    if answer.is_error:
        raise Failure(refusal(answer))
    return answer


def encode(fields: dict[str, Any]) -> str:
    """Return the JSON object of the fields that are set, numbers with all their digits."""
    parts = (
        f"{json.dumps(name)}:{value:f}"
        if isinstance(value, Decimal)
        else f"{json.dumps(name)}:{json.dumps(value)}"
        for name, value in fields.items()
        if value is not None
    )
    return "{" + ",".join(parts) + "}"


def refusal(answer: httpx.Response) -> str:
    """Return what an error answer of the API says, as one sentence."""
    try:
        told = answer.json()
        sentence = f"{told['message']} ({told['error']})"
    except (ValueError, KeyError, TypeError):
        return f"The API answered {answer.status_code} {answer.reason_phrase}"
    return f"{sentence}; orderId {told['orderId']}" if "orderId" in told else sentence
