"""The first moments of the command."""

import signal
import subprocess
import sys

INTERRUPTED_AT_AN_IMPORT = """
import os, signal, sys
from cli.entry import main

class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == "cli.main":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupting())
main()
"""


def test_ctrl_c_while_the_command_is_loaded_is_no_traceback():
    ended = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_AT_AN_IMPORT],
        env={"PYTHONPATH": ":".join(path for path in sys.path if path)},
        capture_output=True,
        text=True,
        check=False,
    )
    # A shell tells it as 130.
    assert (ended.returncode, ended.stderr) == (-signal.SIGINT, "")
