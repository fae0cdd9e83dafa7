"""The clients in `examples/`, as people run them."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.doors import complete_one

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(120)]

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_following_over_the_websocket_tells_every_event(shared_engine):
    order_id = complete_one(shared_engine)
    url = f"{shared_engine.url.replace('http', 'ws', 1)}/ws"
    command = [sys.executable, str(EXAMPLES / "follow.py"), url, "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as following:
        seen = []
        assert following.stdout is not None
        for line in following.stdout:
            seq, about, kind = line.split()
            seen.append(int(seq))
            if (about, kind) == (order_id, "OrderExecuted"):
                break
        following.kill()
    assert seen == sorted(set(seen))
