"""The command line without an engine."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

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


@pytest.fixture
def positions():
    """The X-Log-Position of each request; the answers have those called after their number."""
    return []


@pytest.fixture
def api(positions):
    """An API that gives its answers in their turn and keeps what it was asked."""
    asked, answers = [], []

    class Handler(BaseHTTPRequestHandler):
        def _answer(self):
            length = int(self.headers.get("content-length") or 0)
            body = json.loads(self.rfile.read(length) or b"null")
            asked.append((self.command, self.path, body))
            positions.append(self.headers.get("x-log-position"))
            answer = answers.pop(0)
            content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("x-log-position", f"position-{len(asked)}")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = _answer  # noqa: N815  (the names that http.server looks for)

        def log_message(self, *_about):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}"

        def run(*arguments, answer=(), columns=200):
            answers.extend(answer)
            given = {"ENGINE_URL": url, "COLUMNS": str(columns)}
            return CliRunner().invoke(app, arguments, env=given), asked

        yield run
        server.shutdown()
        thread.join()
