"""What can be wrong with a placement: one kind of error for each rule it can break."""

from typing import get_args

from api.errors import Kind
from orders.values import MAX_AMOUNT, MAX_TAGS, Fault
from venues import VENUES

_SYMBOL_OR_MINT = "a symbol of 2 to 10 capital letters and digits such as SOL, or a mint address"
_AMOUNT = "a number above 0, such as 10 or 0.5"
_SLIPPAGE = "a fraction from 0 to 1 with at most 18 decimals, such as 0.01 for 1 %"

MISSING_TOKEN_IN = Kind(
    "MISSING_TOKEN_IN", 400, f"{{field}} is missing: give {_SYMBOL_OR_MINT}.", "ERR_001", "tokenIn"
)
MISSING_TOKEN_OUT = Kind(
    "MISSING_TOKEN_OUT",
    400,
    f"{{field}} is missing: give {_SYMBOL_OR_MINT}.",
    "ERR_002",
    "tokenOut",
)
MISSING_AMOUNT = Kind(
    "MISSING_AMOUNT", 400, f"{{field}} is missing: give {_AMOUNT}.", "ERR_003", "amount"
)
INVALID_AMOUNT_TYPE = Kind(
    "INVALID_AMOUNT_TYPE", 400, f"{{field}} must be {_AMOUNT}, without quotes.", "ERR_004", "amount"
)
INVALID_AMOUNT = Kind(
    "INVALID_AMOUNT",
    400,
    f"{{field}} must be above 0 and at most {MAX_AMOUNT:f}.",
    "ERR_005",
    "amount",
)
INVALID_SLIPPAGE_TYPE = Kind(
    "INVALID_SLIPPAGE_TYPE",
    400,
    f"slippage must be {_SLIPPAGE}, without quotes.",
    "ERR_006",
    "slippage",
)
INVALID_SLIPPAGE_RANGE = Kind(
    "INVALID_SLIPPAGE_RANGE", 400, f"slippage must be {_SLIPPAGE}.", "ERR_007", "slippage"
)
INVALID_TOKEN_IN = Kind(
    "INVALID_TOKEN_IN", 400, f"tokenIn must be {_SYMBOL_OR_MINT}.", "ERR_008", "tokenIn"
)
INVALID_TOKEN_OUT = Kind(
    "INVALID_TOKEN_OUT", 400, f"tokenOut must be {_SYMBOL_OR_MINT}.", "ERR_009", "tokenOut"
)
SAME_TOKEN_SWAP = Kind(
    "SAME_TOKEN_SWAP", 400, "tokenIn and tokenOut are one token: name two.", "ERR_010", "tokenOut"
)
INVALID_CLIENT_ORDER_ID = Kind(
    "INVALID_CLIENT_ORDER_ID",
    400,
    "{field} must be 1 to 128 visible ASCII characters, none of them a space.",
    field="clientOrderId",
)
INVALID_TAGS = Kind(
    "INVALID_TAGS",
    400,
    f"{{field}} must be a list of at most {MAX_TAGS} texts, each another one of 1 to 64 "
    "characters, none of them a control character.",
    field="tags",
)
USER_REQUIRED = Kind(
    "USER_REQUIRED",
    400,
    "An order with an Idempotency-Key or a clientOrderId needs a userId: each user has ids apart.",
    field="userId",
)
INVALID_ORDER_TYPE = Kind(
    "INVALID_ORDER_TYPE", 400, "orderType must be market, limit or sniper.", field="orderType"
)
MISSING_TARGET_PRICE = Kind(
    "MISSING_TARGET_PRICE",
    400,
    "targetPrice is missing: give a limit order the least tokenOut for one tokenIn, such as 151.2.",
    field="targetPrice",
)
INVALID_TARGET_PRICE = Kind(
    "INVALID_TARGET_PRICE",
    400,
    "targetPrice must be the least tokenOut for one tokenIn, a number above 0 and at most 10^30 "
    "with at most 36 decimals, such as 151.2, without quotes.",
    field="targetPrice",
)
UNKNOWN_TOKEN = Kind(
    "UNKNOWN_TOKEN",
    400,
    "{field} is not on the market, so no price of it is told and a limit order would wait for "
    "ever: name another token, or place a sniper order, which waits for a pool of it.",
    field="tokenOut",
)
INVALID_EXPIRES_AT = Kind(
    "INVALID_EXPIRES_AT",
    400,
    "expiresAt must be a time to come with its zone, such as 2030-01-31T12:00:00Z.",
    field="expiresAt",
)
INVALID_TIME_IN_FORCE = Kind(
    "INVALID_TIME_IN_FORCE",
    400,
    "timeInForce must be GTC, good till cancelled, or IOC, one attempt.",
    field="timeInForce",
)
INVALID_POOL_PROVIDER = Kind(
    "INVALID_POOL_PROVIDER",
    400,
    f"poolProvider must be one of the venues, {' or '.join(VENUES)}: leave it out for any.",
    field="poolProvider",
)
INVALID_MIN_LIQUIDITY = Kind(
    "INVALID_MIN_LIQUIDITY",
    400,
    f"minLiquidity must be US dollars, a number from 0 to {MAX_AMOUNT:f} with at most 18 decimals, "
    "without quotes.",
    field="minLiquidity",
)
MISPLACED_CONDITION = Kind(
    "MISPLACED_CONDITION",
    400,
    "{field} does not go with this orderType (targetPrice is for limit, poolProvider and "
    "minLiquidity are for sniper): leave it out, or name the other orderType.",
    field="targetPrice",
)
UNKNOWN_MEMBER = Kind(
    "UNKNOWN_MEMBER",
    400,
    "{field} is not known here: correct its name, or leave it out.",
    field="expiresat",
)
INVALID_VALIDATE_ONLY = Kind(
    "INVALID_VALIDATE_ONLY", 400, "validateOnly must be true or false.", field="validateOnly"
)
INVALID_BATCH = Kind(
    "INVALID_BATCH", 400, "orders must be a list of 1 to 100 orders.", field="orders"
)
INVALID_FAULTS = Kind(
    "INVALID_FAULTS",
    400,
    "X-Simulate-Faults names at most 8 faults, separated by commas, - for an attempt without one: "
    f"{', '.join(get_args(Fault))}.",
)
FAULTS_DISABLED = Kind(
    "FAULTS_DISABLED",
    400,
    "X-Simulate-Faults works only when the engine was started with ENGINE_FAULT_INJECTION=true.",
)
IDEMPOTENCY_CONFLICT = Kind(
    "IDEMPOTENCY_CONFLICT",
    409,
    "The user has placed another order with this client order id; {field} is not the same: "
    "give a new order an id of its own.",
    field="amount",
)
PLACEMENT_VOID = Kind(
    "PLACEMENT_VOID",
    503,
    "The order reached the log too late and will never execute: place it again. "
    "When this goes on, the clock of this server is wrong.",
    again=True,
)
