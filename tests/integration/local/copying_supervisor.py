"""A supervisor with state of its own, that starts copies of itself; each writes what it finds.

The folder of their logs is named first. Prints how each of them ended.
"""

import json
import logging
import os
import random
import secrets
import signal
import socket
import sys
import time
from functools import partial
from pathlib import Path

from api.ids import Randomness
from local.program import Program, launch
from local.stopping import stop_on_signals

folder = Path(sys.argv[1])
listening = socket.create_server(("127.0.0.1", 0))
randomness = Randomness()


def say(words):
    sys.stdout.write(f"{words}\n")


def open_files():
    """Return the numbers of those that can be looked at: the one that lists them is gone again."""
    listed = [int(file.name) for file in Path("/proc/self/fd").iterdir()]
    return sorted(
        number for number in listed if number > 2 and Path(f"/proc/self/fd/{number}").exists()
    )


def look():
    found = {
        "argv": sys.argv,
        "variable": os.environ["ENGINE_PROCESS"],
        "folder": str(Path.cwd()),
        "files": open_files(),
        "kept": listening.fileno(),
        "pipe": signal.getsignal(signal.SIGPIPE) is signal.SIG_IGN,
        "interrupt": signal.getsignal(signal.SIGINT) is signal.default_int_handler,
        "terminate": signal.getsignal(signal.SIGTERM) is signal.SIG_DFL,
        "blocked": list(signal.pthread_sigmask(signal.SIG_BLOCK, ())),
        "quiet": logging.getLogger("aiokafka").level,
        "random": [random.random(), secrets.token_hex(8), randomness.digits()],
    }
    say(json.dumps(found))


def end(how):
    raise how


def start(name, main):
    return launch(
        Program(
            name=name,
            command=(sys.executable,),
            main=main,
            ready=lambda: True,
            log_file=folder / f"{name}.log",
            environment={"ENGINE_PROCESS": name},
            inherited=(listening.fileno(),),
        )
    )


with stop_on_signals(), (folder / "held").open("w") as held:
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    sys.stdout.write("before\n")
    say(start("one", look).wait())
    say(start("other", look).wait())
    for how in (SystemExit(2), SystemExit("words"), SystemExit(), ValueError("wrong")):
        say(start(f"{how!r}", partial(end, how)).wait())
    at_once = [start(f"stopped-{number}", partial(time.sleep, 60)) for number in range(20)]
    for process in at_once:
        process.send_signal(signal.SIGTERM)
    say({process.wait() for process in at_once})
