"""The command line without an engine."""

import pytest
from typer.testing import CliRunner

from cli.main import app


@pytest.fixture
def engine(monkeypatch, tmp_path):
    """Return what runs the command in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return lambda *arguments, **environment: CliRunner().invoke(
        app, arguments, env={"COLUMNS": "200", **environment}
    )
