import psutil

from runtime.garbage import give_back

MIB = 1024 * 1024


def resident():
    return psutil.Process().memory_info().rss


def test_what_was_freed_goes_back_to_the_system_though_something_behind_it_stays():
    pieces = [bytearray(2_000) for _ in range(50_000)]
    stays = bytearray(2_000)
    before = resident()
    pieces.clear()
    give_back()
    assert before - resident() > 50 * MIB, len(stays)
