"""Launches one child, writes its pid into the file named first, and waits to be killed."""

import sys
import time
from pathlib import Path

from local.program import Program, launch

pid_file = Path(sys.argv[1])
child = Program(
    name="child",
    command=(sys.executable, "-S", "-c", "import time; time.sleep(600)"),
    ready=lambda: True,
    log_file=pid_file.with_suffix(".log"),
)
pid_file.write_text(str(launch(child).pid))
time.sleep(600)
