"""Requests to the API of an engine, and its answers as people read them."""

import json
from decimal import Decimal
from typing import Any

import httpx

from cli.failures import Failure

REQUEST_TIMEOUT = 15


def call(
    method: str,
    url: str,
    headers: dict[str, str],
    fields: dict[str, Any] | None = None,
    query: dict[str, str] | None = None,
) -> httpx.Response:
    """Return what the API answers; raise Failure when it refuses or does not answer."""
    try:
        answer = httpx.request(
            method,
            url,
            params=query or None,
            content=None if fields is None else encode(fields),
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
