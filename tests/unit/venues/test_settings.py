from decimal import Decimal

import pytest
from pydantic import ValidationError

from venues.settings import VenueSettings


def test_the_defaults_are_those_of_the_readme():
    settings = VenueSettings()
    assert (settings.quote_latency_ms, settings.execute_latency_ms) == (200, 1000)
    assert (settings.raydium_fee, settings.meteora_fee) == (Decimal("0.0025"), Decimal("0.0030"))
    assert (
        settings.quote_error_rate == settings.execute_error_rate == settings.lost_answer_rate == 0
    )
    assert settings.fault_injection is False


def test_every_setting_is_read_from_the_environment(monkeypatch):
    monkeypatch.setenv("ENGINE_SEED", "7")
    monkeypatch.setenv("ENGINE_QUOTE_LATENCY_MS", "0")
    monkeypatch.setenv("ENGINE_RAYDIUM_FEE", "0.001")
    settings = VenueSettings()
    assert (settings.seed, settings.quote_latency_ms) == (7, 0)
    assert settings.raydium_fee == Decimal("0.001")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("QUOTE_LATENCY_MS", "-1"),
        ("LATENCY_JITTER", "nan"),
        ("QUOTE_ERROR_RATE", "1.1"),
        ("METEORA_FEE", "1"),
        ("METEORA_FEE", "NaN"),
        ("EXECUTE_TIMEOUT_MS", "0"),
        ("MARKET_VOLATILITY", "0.5"),
        ("CHAIN_URL", "mysql://here"),
    ],
)
def test_a_malformed_setting_stops_the_start(monkeypatch, name, value):
    monkeypatch.setenv(f"ENGINE_{name}", value)
    with pytest.raises(ValidationError):
        VenueSettings()


def test_a_time_out_left_out_is_the_longest_latency_and_a_margin():
    settings = VenueSettings(quote_latency_ms=1000, execute_latency_ms=2000, latency_jitter=0.5)
    assert settings.quote_timeout == 3.5
    assert settings.execute_timeout == 8


def test_a_time_out_may_be_shorter_than_the_latency():
    settings = VenueSettings(quote_timeout_ms=20, execute_timeout_ms=30)
    assert (settings.quote_timeout, settings.execute_timeout) == (0.02, 0.03)
