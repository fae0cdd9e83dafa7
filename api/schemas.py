"""Orders and lists of them as they are answered, as models: the docs describe them."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from api.messages import reason_text
from api.rows import OrderRow
from api.shapes import ORDER_ID, TIME, Number, Shape
from orders.state import Status


class OrderView(Shape):
    """An order as it is now."""

    id: str = Field(examples=[ORDER_ID])
    user_id: str | None = Field(examples=["alice"])
    client_order_id: str | None = Field(description="Your name for it.", examples=["order-17"])
    tags: Sequence[str] = Field(description="Your words for it.", examples=[["desk-7"]])
    order_type: str = Field(examples=["market"])
    token_in: str = Field(examples=["SOL"])
    token_out: str = Field(examples=["USDC"])
    amount: Number | None = Field(examples=[10])
    slippage: Number | None = Field(examples=[0.01])
    target_price: Number | None = Field(
        description="Of a limit order: the least tokenOut for one tokenIn.", examples=[151.2]
    )
    expires_at: datetime | None = Field(description="When it ends by itself.", examples=[TIME])
    time_in_force: str = Field(description="GTC, or IOC: one attempt.", examples=["GTC"])
    pool_provider: str | None = Field(
        description="Of a sniper order: whose pool.", examples=["RAYDIUM"]
    )
    min_liquidity: Number | None = Field(
        description="Of a sniper order: the US dollars in the pool.", examples=[50000]
    )
    status: Status
    selected_dex: str | None = Field(examples=["RAYDIUM"])
    executed_price: Number | None = Field(
        description="The price of one unit of tokenIn in tokenOut.", examples=[150.123456]
    )
    amount_out: Number | None = Field(examples=[1501.23456])
    tx_hash: str | None
    attempts: int = Field(description="How many attempts were made.", examples=[1])
    next_retry_at: datetime | None
    error_reason: str | None = Field(description="Why the last attempt failed: `CODE: sentence`.")
    cancel_requested: bool = Field(description="Whether somebody asked to cancel it.")
    version: int = Field(description="How many events made the order what it is.", examples=[3])
    created_at: datetime = Field(examples=[TIME])
    updated_at: datetime = Field(examples=[TIME])


class OrderPage(Shape):
    """Some orders, in the sequence that was asked for."""

    total: int | None = Field(
        description="How many orders the list has, on all pages: without a filter, or with one of "
        "a single status or user; else null."
    )
    orders: list[OrderView]
    next_cursor: str | None = Field(
        description="The `cursor` of the next page; null when there is none."
    )
    timestamp: datetime = Field(examples=[TIME])


class LegacyOrder(BaseModel):
    """An order as the second family of clients reads it."""

    model_config = ConfigDict(frozen=True)

    order_id: str = Field(examples=[ORDER_ID])
    user_id: str | None = Field(examples=["alice"])
    token_in: str = Field(examples=["SOL"])
    token_out: str = Field(examples=["USDC"])
    amount_in: Number | None = Field(examples=[10])
    status: Status
    execution_price: Number | None = Field(examples=[150.123456])
    tx_hash: str | None
    error_reason: str | None
    retry_count: int = Field(description="Attempts after the first one.", examples=[0])
    created_at: datetime = Field(examples=[TIME])
    updated_at: datetime = Field(examples=[TIME])


def order_view(row: OrderRow) -> OrderView:
    """Return an order for the first family of clients."""
    return OrderView(
        id=row.order_id,
        user_id=row.user_id,
        client_order_id=row.client_order_id,
        tags=row.tags,
        order_type=row.order_type,
        token_in=row.token_in,
        token_out=row.token_out,
        amount=row.amount,
        slippage=row.slippage,
        target_price=row.target_price,
        expires_at=row.expires_at,
        time_in_force=row.time_in_force,
        pool_provider=row.pool_provider,
        min_liquidity=row.min_liquidity,
        status=row.status,
        selected_dex=row.selected_dex,
        executed_price=row.executed_price,
        amount_out=row.amount_out,
        tx_hash=row.tx_hash,
        attempts=row.attempts,
        next_retry_at=row.next_retry_at,
        error_reason=reason_text(row.error_code, row.error_reason),
        cancel_requested=row.cancel_requested,
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def legacy_order(row: OrderRow) -> LegacyOrder:
    """Return an order for the second family of clients."""
    return LegacyOrder(
        order_id=row.order_id,
        user_id=row.user_id,
        token_in=row.token_in,
        token_out=row.token_out,
        amount_in=row.amount,
        status=row.status,
        execution_price=row.executed_price,
        tx_hash=row.tx_hash,
        error_reason=reason_text(row.error_code, row.error_reason),
        retry_count=max(row.attempts - 1, 0),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
