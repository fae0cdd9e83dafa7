"""What comes from a second process, however that one ends."""

import os
import struct
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from multiprocessing import Pipe

import pytest

from projections.apart import Apart


@pytest.mark.parametrize("told", [b"", struct.pack("!i", 100) + b"the first part"])
async def test_one_that_is_killed_in_the_middle_of_a_batch_has_ended(told):
    receiving, sending = Pipe(duplex=False)
    with receiving, ThreadPoolExecutor(1) as thread:
        os.write(sending.fileno(), told)
        sending.close()
        assert await Apart(receiving, thread).next() is None


async def test_one_that_stands_still_is_as_good_as_ended():
    receiving, sending = Pipe(duplex=False)
    with receiving, ThreadPoolExecutor(1) as thread:
        assert await Apart(receiving, thread, timedelta(milliseconds=50)).next() is None
        sending.close()
