import signal

import pytest

from local import stopping
from local.stopping import StopRequest, stop_on_signals


@pytest.mark.parametrize("number", stopping.SIGNALS)
def test_a_signal_is_a_wish_to_stop(number):
    with stop_on_signals() as request:
        signal.raise_signal(number)
        request.wait(5)
        assert (request.requested, request.urgent) == (True, False)


def test_the_handlers_of_before_come_back():
    before = signal.getsignal(signal.SIGINT)
    with stop_on_signals():
        assert signal.getsignal(signal.SIGINT) != before
    assert signal.getsignal(signal.SIGINT) == before


def test_the_same_ctrl_c_twice_is_one_wish():
    request = StopRequest()
    request.ask()
    request.ask()
    assert not request.urgent


def test_asking_again_later_is_urgent(monkeypatch):
    monkeypatch.setattr(stopping, "URGENT_AFTER_SECONDS", -1)
    request = StopRequest()
    request.ask()
    request.ask()
    assert request.urgent
