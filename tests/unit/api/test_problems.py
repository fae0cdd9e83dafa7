"""Errors as problems of RFC 9457, with the members that were there before."""

import pytest

from api.problems import KINDS


async def test_an_error_is_a_problem(api):
    answer = await api.place(amount="1")
    assert answer.headers["content-type"] == "application/problem+json"
    message = "amount must be a number above 0, such as 10 or 0.5, without quotes."
    assert answer.json() == {
        "type": "/problems/INVALID_AMOUNT_TYPE",
        "title": "Invalid amount type",
        "status": 400,
        "detail": message,
        "instance": "/api/orders/execute",
        "error": "INVALID_AMOUNT_TYPE",
        "message": message,
        "code": "ERR_004",
        "field": "amount",
        "errors": [{"field": "amount", "code": "ERR_004", "message": message}],
        "retryable": False,
        "requestId": answer.headers["x-request-id"],
    }


async def test_the_client_names_its_request(api):
    answer = await api.http.get("/api/orders/none", headers={"X-Request-Id": "mine"})
    assert answer.json()["requestId"] == "mine"


async def test_what_has_no_field_has_no_list_of_fields(api):
    told = (await api.http.get("/nowhere")).json()
    assert (told["errors"], told["instance"]) == ([], "/nowhere")


async def test_an_outage_of_the_reads_may_be_tried_again(api):
    api.read_model.away = True
    told = (await api.http.get("/api/orders")).json()
    assert (told["error"], told["retryable"]) == ("PROJECTION_UNAVAILABLE", True)


async def test_a_placement_of_unknown_outcome_may_not(api):
    api.log.away = True
    told = (await api.place()).json()
    assert (told["error"], told["retryable"]) == ("LOG_UNAVAILABLE", False)


@pytest.mark.parametrize("name", KINDS)
async def test_the_type_leads_to_its_description(api, name):
    described = (await api.http.get(f"/problems/{name}")).json()
    assert described["type"].endswith(name)
    assert described["status"] == KINDS[name].status
    assert "{" not in described["detail"]


async def test_a_type_that_is_none_leads_nowhere(api):
    assert (await api.http.get("/problems/NONE")).status_code == 404


@pytest.mark.parametrize("name", ["ORDER_FINAL", "TOO_MANY_AMENDMENTS", "UNKNOWN_MEMBER"])
async def test_the_errors_of_every_sort_of_route_are_described(api, name):
    assert (await api.http.get(f"/problems/{name}")).json()["title"]
