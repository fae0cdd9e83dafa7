import socket

import pytest

from local.errors import Misconfigured
from local.ports import address, free_ports, is_free, listen, remembered_ports


def test_free_ports_differ():
    assert len(set(free_ports(5))) == 5


def test_the_ports_of_the_last_time_are_used_again(tmp_path):
    file = tmp_path / "ports.json"
    first = remembered_ports(file, ("kafka", "postgres"))
    assert remembered_ports(file, ("kafka", "postgres")) == first


def test_a_port_that_was_taken_meanwhile_is_replaced(tmp_path):
    file = tmp_path / "ports.json"
    first = remembered_ports(file, ("kafka", "postgres"))
    with socket.create_server(("127.0.0.1", first["kafka"])):
        second = remembered_ports(file, ("kafka", "postgres"))
    assert second["kafka"] != first["kafka"]
    assert second["postgres"] == first["postgres"]


def test_a_file_that_is_no_json_is_written_anew(tmp_path):
    file = tmp_path / "ports.json"
    file.write_text("{")
    assert remembered_ports(file, ("kafka",))["kafka"] > 0


def test_a_port_somebody_listens_on_is_not_free():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert not is_free(taken.getsockname()[1])


def test_a_taken_port_is_told_with_the_option_that_changes_it():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Misconfigured, match=rf"Port {port} .*--port or ENGINE_PORT"):
            listen("127.0.0.1", port)


@pytest.mark.parametrize("host", ["no-such-host.invalid", "203.0.113.1"])
def test_a_host_that_is_not_of_this_machine_is_told(host):
    with pytest.raises(Misconfigured, match=r"--host or ENGINE_HOST"):
        listen(host, 0)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:"),
        ("0.0.0.0", "http://127.0.0.1:"),  # noqa: S104  (what it is turned into is the test)
        ("::1", "http://[::1]:"),
        ("::", "http://[::1]:"),
    ],
)
def test_the_address_is_one_that_this_machine_reaches(host, url):
    with listen(host, 0) as listening:
        assert address(listening) == f"{url}{listening.getsockname()[1]}"
