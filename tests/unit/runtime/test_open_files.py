"""A process takes as many open files as it may have."""

import subprocess
import sys

SCRIPT = """
import resource
from runtime.open_files import raise_limit
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 512))
print(raise_limit(), *resource.getrlimit(resource.RLIMIT_NOFILE))
print(raise_limit())
"""


def test_the_soft_limit_is_raised_to_the_hard_one():
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT], check=True, capture_output=True, text=True, timeout=20
    )
    assert ended.stdout.split() == ["512", "512", "512", "512"]
