"""The short form of `make chaos`: many faults of every kind, one after the other, under load."""

from datetime import UTC, datetime

import pytest

from bench.chaos.campaign import Campaign
from bench.chaos.plan import SHORT

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(420)]

SEED = 1


def test_an_engine_keeps_its_promises_through_a_short_campaign(tmp_path):
    report = Campaign(
        seed=SEED,
        scale=SHORT,
        per_second=10,
        data_dir=tmp_path / "engine",
        clock=lambda: datetime.now(UTC),
        say=print,
    ).run()
    assert report.holds, report.verdict
    assert not report.failed
    assert not report.never
    assert report.kills >= 15
    assert report.answers["202"] > 500
