"""What Prometheus is told."""

from math import isnan

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.builders import placed


async def told(api):
    """Return each gauge of the engine's by its name, and by its part where it has some."""
    answer = await api.http.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return {
        sample.labels.get("part", sample.name): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
        if sample.name.startswith("engine_")
    }


async def test_an_engine_that_works_is_up_and_not_behind(api):
    found = await told(api)
    assert 0 <= found.pop("engine_market_silence_seconds") < 5
    assert found == {
        "kafka": 1,
        "postgres": 1,
        "engine_projection_lag_events": 0,
        "engine_market_silent": 0,
    }


async def test_what_is_away_is_down_and_what_nobody_knows_is_no_number(api):
    api.log.away = True
    found = await told(api)
    assert (found["kafka"], found["postgres"]) == (0, 1)
    assert isnan(found["engine_projection_lag_events"])


async def test_a_projection_that_is_behind_says_by_how_much(api):
    api.log.write(placed())
    assert (await told(api))["engine_projection_lag_events"] == 1


async def test_a_market_that_is_silent_says_since_when(api, monkeypatch):
    silence = api.app.state.parts.health.silence
    monkeypatch.setattr(silence, "_monotonic", lambda: silence._heard_at + 5.1)
    found = await told(api)
    assert found["engine_market_silent"] == 1
    assert found["engine_market_silence_seconds"] == pytest.approx(5.1)
