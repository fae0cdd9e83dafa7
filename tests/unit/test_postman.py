"""postman_collection.json without an engine: what is in it, and that nothing of the API is not."""

import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from api.changing_schemas import CancelRequest
from tests.support.api import in_memory

ROOT = Path(__file__).parents[2]
COLLECTION = json.loads((ROOT / "postman_collection.json").read_text())


def requests_in(items):
    """Yield the requests of a collection, whatever folder they are in."""
    for item in items:
        yield from requests_in(item["item"]) if "item" in item else (item,)


REQUESTS = list(requests_in(COLLECTION["item"]))


def test_the_form_is_that_of_version_2_1():
    assert COLLECTION["info"]["schema"].endswith("/json/collection/v2.1.0/collection.json")
    assert {one["key"]: one["value"] for one in COLLECTION["variable"]} == {
        "baseUrl": "http://localhost:3000",
        "token": "",
    }


def test_the_requests_people_look_for_come_first():
    assert [one["name"] for one in REQUESTS[:5]] == [
        "Health Check",
        "Create Market Order",
        "Get Order by ID",
        "List All Orders",
        "Invalid Order Test",
    ]


def test_no_two_requests_have_one_name():
    assert len({one["name"] for one in REQUESTS}) == len(REQUESTS)


@pytest.mark.parametrize("one", REQUESTS, ids=[one["name"] for one in REQUESTS])
def test_a_request_goes_to_the_base_url_and_expects_something(one):
    url = one["request"]["url"]
    assert url["host"] == ["{{baseUrl}}"]
    assert urlsplit(url["raw"]).path.split("/")[1:] == url["path"]
    [test] = [event for event in one["event"] if event["listen"] == "test"]
    assert "pm.test(" in "\n".join(test["script"]["exec"])


def test_every_operation_of_the_api_is_asked_for():
    asked = {
        (one["request"]["method"].lower(), "/".join(one["request"]["url"]["path"]))
        for one in REQUESTS
    }
    for path, item in in_memory()[0].openapi()["paths"].items():
        pattern = re.compile(re.sub(r"\{\w+\}", "[^/]+", path.strip("/")))
        for method in item:
            assert any(method == m and pattern.fullmatch(p) for m, p in asked), f"{method} {path}"


def test_orders_are_cancelled_in_every_way_to_choose_them():
    bodies = [
        json.loads(one["request"]["body"]["raw"])
        for one in REQUESTS
        if one["request"]["url"]["path"] == ["api", "orders", "cancel"]
    ]
    members = CancelRequest.model_json_schema(by_alias=True)["properties"]
    assert {name for body in bodies for name in body} == set(members)


@pytest.mark.parametrize(
    "error", ["ORDER_FINAL", "ORDER_NOT_RESTING", "ORDER_NOT_CHOSEN", "INVALID_TIME_IN_FORCE"]
)
def test_what_can_go_wrong_with_an_order_that_waits_is_shown(error):
    assert f'\\"{error}\\"' in json.dumps(COLLECTION)
