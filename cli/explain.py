"""`engine explain`."""

from collections.abc import Iterator
from typing import Annotated, Any
from urllib.parse import quote

import typer

from api import exact
from cli.calls import call
from cli.plain import plain
from cli.target import DEFAULT_DATA_DIR, AsJson, DataDir, Token, Url, api_url, bearing

_INDENT = " " * 25


def explain(
    order: Annotated[str, typer.Argument(help="The order's id.")],
    *,
    as_json: AsJson = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    url: Url = None,
    token: Token = None,
) -> None:
    """Show why an order went as it did: each decision with its figures, as the log has them.

    \b
    Examples:
      engine explain 0b8e3f6c-…
      engine explain 0b8e3f6c-… --json | jq -r .text
    """
    address = f"{api_url(url, data_dir)}/api/orders/{quote(order, safe='')}/explain"
    story: Any = exact.read_object(call("GET", address, bearing(token)).content)
    steps = story["timeline"]
    for step in steps:
        if as_json:
            typer.echo(exact.write(step))
            continue
        typer.echo(f"{step['at'][:23].replace('T', ' ')}  {plain(step['text'])}")
        for line in _figures(step["data"], steps[0]["data"]):
            typer.echo(_INDENT + plain(line))


def _figures(of: dict[str, Any], terms: dict[str, Any]) -> Iterator[str]:
    """Yield what the sentence of a step leaves out."""
    for one in of.get("quotes", ()):
        text = f"{one['venue']}: {one['amountOut']:f} {terms['tokenOut']}"
        text += f", fee {one['fee']:f} {terms['tokenIn']}, impact {one['priceImpact']:.4%}"
        yield f"{text}, chosen" if one["chosen"] else text
    if "recomputed" in of:
        yield f"recomputed from these quotes: {'the same' if of['recomputed'] else 'another'} venue"
    if "txHash" in of:
        yield f"price {of['executedPrice']:f}, tx {of['txHash']}"
