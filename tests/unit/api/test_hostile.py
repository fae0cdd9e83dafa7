"""Requests made to do harm: SQL where a text is taken, headers in headers, bodies without end."""

import asyncio
import json
import logging
from itertools import product

import pytest

from api import body, heads
from tests.support.api import in_memory, serving
from tests.support.bearers import JWT, bearing, token
from tests.support.builders import ORDER_ID, placed
from tests.support.raw import answer_of, connection, flood

SQL = (
    "' or '1'='1",
    "'; drop table orders; --",
    f"{ORDER_ID}' union select 1 --",
    '" or ""="',
    "1) or (1=1",
    "%27%20or%201=1",
    "$1",
    "%(order_id)s",
    "\\'; select pg_sleep(10); --",
    "\u02bc or 1=1",
)
ORDER = {"tokenIn": "SOL", "tokenOut": "USDC", "amount": 1}


@pytest.fixture
async def orders(api):
    api.log.write(placed(user_id="ann"))
    api.read_model.project()
    return api


async def test_sql_names_no_order(orders):
    for text, more in product(SQL, ["", "/events", "/explain"]):
        answer = await orders.http.get(f"/api/orders/{text}{more}")
        assert (answer.status_code, answer.json()["error"]) == (404, "ORDER_NOT_FOUND"), text


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        (f"/api/orders/{ORDER_ID}", ("asOfSeq", "asOf")),
        ("/api/orders", ("limit", "status", "cursor")),
        ("/api/events", ("fromSeq", "toSeq", "types", "orderId", "follow", "superseded")),
    ],
)
async def test_sql_is_no_value_of_a_parameter(orders, path, parameters):
    for text, name in product(SQL, parameters):
        answer = await orders.http.get(path, params={name: text})
        assert answer.status_code in {400, 404}, (name, text)
        assert answer.headers["content-type"] == "application/problem+json"


async def test_sql_may_be_the_name_of_a_user_and_finds_nobody_else(orders):
    for text in SQL:
        listed = await orders.http.get("/api/orders", params={"userId": text})
        assert (listed.status_code, listed.json()["total"]) == (200, 0), text
        feed = await orders.http.get("/api/events", params={"userId": text})
        assert (feed.status_code, feed.text) == (200, ""), text


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("X-Log-Position", 400),
        ("Last-Event-ID", 400),
        ("X-Request-Id", 200),
        ("Accept", 200),
        ("X-Forwarded-For", 200),
    ],
)
async def test_sql_in_a_header_does_no_harm(orders, name, status):
    path = "/api/events" if name == "Last-Event-ID" else "/orders"
    for text in filter(str.isascii, SQL):
        answer = await orders.http.get(path, headers={name: text})
        assert answer.status_code == status, text
        assert text not in answer.headers["x-request-id"]


async def test_sql_names_an_order_or_is_refused(orders):
    orders.log.appended = orders.read_model.project
    for text in SQL:
        named = {**ORDER, "userId": text, "clientOrderId": text}
        answers = [await orders.http.post("/api/orders", json=named) for _ in range(2)]
        expected = [400, 400] if " " in text or not text.isascii() else [202, 200]
        assert [answer.status_code for answer in answers] == expected, text


@pytest.fixture
async def url():
    async with serving(in_memory(**JWT)[0]) as url:
        yield url


def request(*headers, method=b"GET", path=b"/orders"):
    lines = [method + b" " + path + b" HTTP/1.1", b"host: x", *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n"


BEARER = f"authorization: {bearing(token())['Authorization']}".encode()


@pytest.mark.parametrize(
    "end", [b"\r\n", b"\n", b"\r", b"\0", b"%0d%0a", b"\\r\\n", b"\xe5\x98\x8a"]
)
async def test_no_header_comes_out_of_another(url, end):
    for name in (b"x-request-id", b"idempotency-key", b"x-log-position", b"origin"):
        async with connection(url) as (reader, writer):
            writer.write(request(BEARER, name + b": mine" + end + b"x-injected: yes"))
            status, headers, _ = await answer_of(reader)
            assert "x-injected" not in headers
            assert status in {200, 400}


async def test_a_path_is_told_as_it_was_and_no_header_comes_out_of_it(url):
    async with connection(url) as (reader, writer):
        writer.write(request(BEARER, path=b"/a%0d%0ax-injected:%20yes"))
        status, headers, told = await answer_of(reader)
        assert (status, told["instance"]) == (404, "/a\r\nx-injected: yes")
        assert "x-injected" not in headers


@pytest.mark.parametrize(
    "headers",
    [
        (b"content-length: 5", b"content-length: 6"),
        (b"content-length: 5", b"transfer-encoding: chunked"),
        (b"content-length: -1",),
        (b"content-length: 1_0",),
        (b"transfer-encoding: chunked, identity",),
    ],
)
async def test_a_body_of_two_lengths_is_no_request(url, headers):
    async with connection(url) as (reader, writer):
        writer.write(request(BEARER, *headers, method=b"POST") + b"0\r\n\r\n")
        status, _, told = await answer_of(reader)
        assert (status, told["error"]) == (400, "BAD_REQUEST")
        assert await asyncio.wait_for(reader.read(), 20) == b""


@pytest.mark.parametrize("piece", [b"", b"{"])
async def test_a_body_that_does_not_come_is_told_and_cut(url, piece, monkeypatch):
    monkeypatch.setattr(body, "TIMEOUT_S", 0.2)
    async with connection(url) as (reader, writer):
        writer.write(request(BEARER, b"content-length: 100", method=b"POST") + piece)
        status, headers, told = await answer_of(reader)
        assert (status, told["error"]) == (408, "BODY_TIMEOUT")
        assert headers["connection"] == "close"
        assert await asyncio.wait_for(reader.read(), 20) == b""


async def test_a_body_that_is_announced_too_large_is_not_waited_for(url):
    async with connection(url) as (reader, writer):
        writer.write(request(BEARER, b"content-length: 65537", method=b"POST"))
        status, _, told = await answer_of(reader)
        assert (status, told["error"]) == (413, "BODY_TOO_LARGE")


async def test_a_body_without_end_is_told_and_cut(url, monkeypatch):
    monkeypatch.setattr(heads, "TIMEOUT_S", 0.2)
    async with connection(url) as (reader, writer):
        writer.write(request(BEARER, b"transfer-encoding: chunked", method=b"POST"))
        piece = b"1000\r\n" + b"x" * 4096 + b"\r\n"
        assert await flood(writer, piece, 70_000) >= 70_000
        status, _, told = await answer_of(reader)
        assert (status, told["error"]) == (413, "BODY_TOO_LARGE")
        assert await flood(writer, piece, 10**10) < 10**10


async def test_nobody_s_body_is_waited_for_before_it_is_known_who_it_is(url):
    async with connection(url) as (reader, writer):
        writer.write(request(b"content-length: 100", method=b"POST"))
        status, headers, told = await answer_of(reader)
        assert (status, told["error"]) == (401, "UNAUTHENTICATED")
        assert headers["www-authenticate"].startswith("bearer")


async def test_an_answer_to_what_is_no_request_is_as_safe_as_any(url):
    async with connection(url) as (reader, writer):
        writer.write(b"nonsense\r\n\r\n")
        _, headers, _ = await answer_of(reader)
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"


async def test_nothing_of_a_token_is_logged(url, caplog):
    caplog.set_level(logging.DEBUG, "api")
    good, bad = token(), token(exp=1)
    async with connection(url) as (reader, writer):
        for text in (good, bad, good + "x"):
            writer.write(request(f"authorization: Bearer {text}".encode()))
            _, headers, told = await answer_of(reader)
            assert text not in json.dumps([headers, told])
    for text in (good, bad):
        assert all(part not in caplog.text for part in text.split("."))
