"""The running engine held against its own OpenAPI document, by Schemathesis: see `make fuzz`."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]

ROOT = Path(__file__).parents[2]
SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
PATIENCE_S = 150


def test_the_running_engine_answers_as_its_document_says(shared_engine, tmp_path):
    config = ["--config-file", str(ROOT / "tests" / "schemathesis.toml")]
    phases = ["--phases", "examples,coverage,fuzzing", "--max-examples", "5"]
    always_alike = ["--seed", "1", "--continue-on-failure", "--no-color"]
    told = subprocess.run(
        [SCHEMATHESIS, *config, "run", f"{shared_engine.url}/openapi.json", *phases, *always_alike],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert "No issues found" in told.stdout
