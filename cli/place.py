"""`engine place`."""

import asyncio
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

import typer

from cli import limits
from cli.calls import call
from cli.feed import follow
from cli.target import DEFAULT_DATA_DIR, AsJson, DataDir, Token, Url, api_url, bearing

TokenIn = Annotated[str, typer.Argument(help="What you sell: a symbol or a mint address.")]
TokenOut = Annotated[str, typer.Argument(help="What you buy.")]
Amount = Annotated[
    Decimal, typer.Argument(parser=limits.number, metavar="AMOUNT", help="How much you sell.")
]
Limit = Annotated[
    Decimal | None,
    typer.Option(
        parser=limits.price, metavar="PRICE", help="A limit order: the pair's price as quoted."
    ),
]
Snipe = Annotated[
    bool, typer.Option("--snipe", help="A sniper order: once a pool has what you buy.")
]
Pool = Annotated[str | None, typer.Option(help="With --snipe: whose pool.")]
MinLiquidity = Annotated[
    Decimal | None,
    typer.Option(parser=limits.number, metavar="USD", help="With --snipe: how much is in it."),
]
Expires = Annotated[
    datetime | None,
    typer.Option(parser=limits.end, metavar="WHEN", help="When it ends: 30s, 1h, 2d or a time."),
]
Once = Annotated[bool, typer.Option("--once", help="One attempt and no retry.")]
Slippage = Annotated[
    Decimal | None,
    typer.Option(parser=limits.number, metavar="PART", help="Worst loss accepted: 0.01 is 1 %."),
]
User = Annotated[str | None, typer.Option(help="Whose order it is.")]
Watch = Annotated[bool, typer.Option("--watch", help="Show what happens, to the end.")]


def place(
    token_in: TokenIn,
    token_out: TokenOut,
    amount: Amount,
    *,
    limit: Limit = None,
    snipe: Snipe = False,
    pool: Pool = None,
    min_liquidity: MinLiquidity = None,
    expires: Expires = None,
    once: Once = False,
    slippage: Slippage = None,
    user: User = None,
    watch: Watch = False,
    as_json: AsJson = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    url: Url = None,
    token: Token = None,
) -> None:
    """Place an order: at the market, at a price or for a new token.

    \b
    Examples:
      engine place SOL USDC 10 --slippage 0.01 --watch
      engine place SOL USDC 10 --json | jq -r .orderId
      engine place USDC SOL 1500 --limit 151.2 --expires 1h
      engine place SOL NEWCOIN 2 --snipe --min-liquidity 50000

    With --watch it ends with the order, and fails (exit code 1) when the order ended without a
    fill.
    """
    if limit is not None and snipe:
        raise typer.BadParameter("an order has a --limit or is to --snipe, not both")
    order: dict[str, Any] = {
        "orderType": "limit" if limit is not None else "sniper" if snipe else "market",
        "tokenIn": token_in,
        "tokenOut": token_out,
        "amount": amount,
        "slippage": slippage,
        "userId": user,
        "poolProvider": pool,
        "minLiquidity": min_liquidity,
        "expiresAt": expires and expires.isoformat(),
        "timeInForce": "IOC" if once else None,
    }
    if limit is not None:
        order["targetPrice"], said = limits.target(token_in, token_out, limit)
        typer.echo(said, err=as_json)
    base = api_url(url, data_dir)
    answer = call("POST", f"{base}/api/orders", bearing(token), order)
    order_id = answer.json()["orderId"]
    typer.echo(answer.text if as_json else f"Order {order_id} is placed")
    if watch:
        asyncio.run(follow(base, order_id, bearing(token), as_json=as_json))
