"""Fetches the jars of Apache Kafka, each checked against the checksum pinned in kafka.lock.

A jar is moved to its place only after its checksum was right, so what is in place needs no second
look. ENGINE_MAVEN_URL names a mirror of the Maven repository. `python -m local.jars` fetches;
`python -m local.jars lock` resolves the pinned versions anew.
"""

import hashlib
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from local.errors import EngineError

if TYPE_CHECKING:
    from jgo.maven import MavenContext

KAFKA = "org.apache.kafka:kafka_2.13:4.1.2"
# Without a binding for slf4j Kafka's log is silent.
LOGGING = "org.apache.logging.log4j:log4j-slf4j-impl:2.25.3"

LOCK = Path(__file__).with_name("kafka.lock")
TRIES = 3
DOWNLOADS_AT_ONCE = 6


@dataclass(frozen=True, slots=True)
class Jar:
    """One file of the class path, by its Maven coordinates."""

    group: str
    artifact: str
    version: str
    sha256: str

    @classmethod
    def at(cls, coordinates: str, sha256: str) -> Self:
        """Return the jar of group:artifact:version."""
        group, artifact, version = coordinates.split(":")
        return cls(group, artifact, version, sha256)

    @property
    def filename(self) -> str:
        """Return the name of the file in the cache."""
        return f"{self.artifact}-{self.version}.jar"


def pinned() -> tuple[Jar, ...]:
    """Return the jars named in kafka.lock."""
    lines = (line.split() for line in LOCK.read_text().splitlines() if not line.startswith("#"))
    return tuple(Jar.at(coordinates, sha256) for coordinates, sha256 in lines)


def cache_directory() -> Path:
    """Return where the jars are kept: ENGINE_KAFKA_JARS, the checkout, or the user's cache."""
    if chosen := os.environ.get("ENGINE_KAFKA_JARS"):
        return Path(chosen).expanduser().resolve()
    root = Path(__file__).resolve().parent.parent
    if (root / "pyproject.toml").exists():
        return root / ".cache" / "kafka"
    return (
        Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "order-engine" / "kafka"
    )


def fetch(jars: Iterable[Jar] = (), console: Console | None = None) -> tuple[Path, ...]:
    """Return the class path of the jars, by default all; fetch what is missing, with a bar.

    Raises EngineError when a jar cannot be had or is not the pinned one.
    """
    cache, jars = cache_directory(), tuple(jars) or pinned()
    missing = [jar for jar in jars if not (cache / jar.filename).exists()]
    if missing:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="incoming-", dir=cache) as incoming:
            _download(missing, Path(incoming), cache, console or Console(stderr=True))
    return tuple(cache / jar.filename for jar in jars)


def _download(jars: list[Jar], incoming: Path, cache: Path, console: Console) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with (
        Progress(*columns, TextColumn("jars"), TimeElapsedColumn(), console=console) as progress,
        ThreadPoolExecutor(DOWNLOADS_AT_ONCE) as pool,
    ):
        bar = progress.add_task("Fetching Apache Kafka", total=len(jars))
        downloads = [pool.submit(_fetch_one, jar, incoming, cache) for jar in jars]
        for done in as_completed(downloads):
            if error := done.exception():
                pool.shutdown(cancel_futures=True)
                raise error
            progress.advance(bar)


def _fetch_one(jar: Jar, incoming: Path, cache: Path) -> None:
    put_in_place(jar, _from_maven(jar, incoming), cache)


def _mirror() -> dict[str, str] | None:
    url = os.environ.get("ENGINE_MAVEN_URL")
    return {"mirror": url.rstrip("/")} if url else None


def put_in_place(jar: Jar, path: Path, cache: Path) -> None:
    """Move a fetched file into the cache. Raises EngineError when it is not the pinned one."""
    if (found := _sha256(path)) != jar.sha256:
        raise EngineError(
            f"{jar.filename} is not the pinned file: sha256 is {found}, expected {jar.sha256}"
        )
    path.replace(cache / jar.filename)


def _from_maven(jar: Jar, incoming: Path) -> Path:
    reason: Exception | None = None
    for attempt in range(TRIES):
        place = incoming / f"{jar.filename}.{attempt}"
        context = _maven(place, _mirror())
        component = context.project(jar.group, jar.artifact).at_version(jar.version)
        try:
            return component.artifact().resolve()
        except (RuntimeError, OSError) as error:
            reason = error
    raise EngineError(f"Cannot fetch {jar.filename} after {TRIES} tries: {reason}")


def _maven(place: Path, mirror: dict[str, str] | None = None) -> "MavenContext":
    from jgo.maven import MavenContext  # noqa: PLC0415  (slow to import, seldom needed)

    return MavenContext(repo_cache=place, remote_repos=mirror, timeout=30)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def resolve(roots: Iterable[str] = (KAFKA, LOGGING)) -> Iterator[Jar]:
    """Yield the jars that the roots need at run time, sorted, with the checksums of today."""
    with tempfile.TemporaryDirectory() as directory:
        context = _maven(Path(directory))
        artifacts = {}
        for root in roots:
            dependency = context.create_dependency(root)
            # Each root by itself: the platform of one must not change the versions of the other.
            _, nodes = context.resolver.get_dependency_list([dependency])
            for needed in (dependency, *(node.dep for node in nodes)):
                key = f"{needed.groupId}:{needed.artifactId}:{needed.version}"
                artifacts[key] = needed.artifact
        for key, artifact in sorted(artifacts.items()):
            yield Jar.at(key, _sha256(artifact.resolve()))


def lock() -> None:
    """Write kafka.lock anew from the roots above."""
    lines = [f"{jar.group}:{jar.artifact}:{jar.version} {jar.sha256}" for jar in resolve()]
    LOCK.write_text("# group:artifact:version sha256; by `python -m local.jars lock`\n")
    with LOCK.open("a") as file:
        file.writelines(f"{line}\n" for line in lines)


if __name__ == "__main__":
    try:
        lock() if sys.argv[1:] == ["lock"] else fetch()
    except EngineError as error:
        sys.exit(str(error))
