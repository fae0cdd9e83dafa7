"""The settings that every Kafka node of one machine has, and those that several of them share."""

from collections.abc import Mapping, Sequence

from local.topics import Layout

SETTINGS = {
    # The project creates its topics itself; a misspelt name must not become a topic.
    "auto.create.topics.enable": "false",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.num.partitions": "4",
    # A group of one machine is complete at once; waiting only delays the first order.
    "group.initial.rebalance.delay.ms": "0",
    # By default every partition would map 10 MB for its indexes.
    "log.index.size.max.bytes": str(1024 * 1024),
    "log.cleaner.dedupe.buffer.size": str(8 * 1024 * 1024),
    "num.network.threads": "2",
    "num.io.threads": "4",
    "controlled.shutdown.max.retries": "1",
}
ALONE = {
    # A killed broker is let in again when its last session has expired (default 9 s).
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
}
TAKEOVER = {
    # A placement waits 5 s: by then others must have what a killed broker led, and its quorum too.
    "broker.session.timeout.ms": "1500",
    "broker.heartbeat.interval.ms": "250",
    "controller.quorum.fetch.timeout.ms": "1000",
    "controller.quorum.election.timeout.ms": "500",
    "controller.quorum.election.backoff.max.ms": "250",
    "controller.quorum.request.timeout.ms": "1000",
    # After a start of all of them one leads everything; it is not to stay so for 5 minutes.
    "leader.imbalance.check.interval.seconds": "20",
}


def of_every_node(voters: Sequence[int]) -> dict[str, str]:
    """Return the settings of a cluster whose nodes have these controller ports, in order."""
    quorum = (f"{number}@127.0.0.1:{port}" for number, port in enumerate(voters, 1))
    return {
        "process.roles": "broker,controller",
        "controller.quorum.voters": ",".join(quorum),
        "controller.listener.names": "CONTROLLER",
        **SETTINGS,
        **copies(len(voters)),
        **(TAKEOVER if len(voters) > 1 else ALONE),
    }


def properties(settings: Mapping[str, str]) -> str:
    """Return the settings as Java reads them from a file: in Latin-1, with escapes for the rest."""
    return "".join(f"{key}={_escaped(value)}\n" for key, value in settings.items())


def copies(brokers: int) -> dict[str, str]:
    """Return on how many brokers everything is kept, Kafka's own topics too."""
    layout = Layout(replication=brokers)
    all_of_them, in_sync = str(layout.replication), str(layout.min_insync_replicas)
    return {
        "default.replication.factor": all_of_them,
        "min.insync.replicas": in_sync,
        "offsets.topic.replication.factor": all_of_them,
        "transaction.state.log.replication.factor": all_of_them,
        "transaction.state.log.min.isr": in_sync,
        "share.coordinator.state.topic.replication.factor": all_of_them,
        "share.coordinator.state.topic.min.isr": in_sync,
    }


def _escaped(value: str) -> str:
    # Java counts in UTF-16: a character beyond its first plane is two escapes.
    units = value.replace("\\", "\\\\").encode("utf-16-be").hex(" ", 2).split()
    codes = (int(unit, 16) for unit in units)
    return "".join(chr(code) if 0x20 <= code < 0x7F else f"\\u{code:04x}" for code in codes)
