import pytest

from local import cluster
from local.errors import Misconfigured
from local.kafka_settings import of_every_node, properties


@pytest.fixture
def of_three(tmp_path):
    ports = {name: 9000 + number for number, name in enumerate(cluster.port_names(3))}
    return cluster.in_directory(tmp_path, ports, 3, class_path=())


def test_a_single_broker_is_named_as_ever(tmp_path):
    one = cluster.in_directory(tmp_path, {"kafka": 9000, "kafka-controller": 9001}, 1, ())
    [node] = one.nodes
    assert (node.name, one.bootstrap) == ("kafka", "127.0.0.1:9000")


def test_three_brokers_are_numbered_and_all_of_them_are_the_way_in(of_three):
    assert [node.name for node in of_three.nodes] == ["kafka-1", "kafka-2", "kafka-3"]
    assert of_three.bootstrap == "127.0.0.1:9000,127.0.0.1:9002,127.0.0.1:9004"


def test_three_brokers_share_a_cluster_and_nothing_else(of_three):
    assert len({node.cluster_id for node in of_three.nodes}) == 1
    assert len({node.directory for node in of_three.nodes}) == 3
    for number, node in enumerate(of_three.nodes, 1):
        assert (node.number, node.voters[number - 1]) == (number, node.controller_port)


def test_a_cluster_keeps_its_id(tmp_path, of_three):
    ports = {name: 9100 + number for number, name in enumerate(cluster.port_names(3))}
    again = cluster.in_directory(tmp_path, ports, 3, class_path=())
    assert again.nodes[0].cluster_id == of_three.nodes[0].cluster_id


@pytest.mark.parametrize(("brokers", "copies", "in_sync"), [(1, "1", "1"), (3, "3", "2")])
def test_everything_is_on_every_broker_and_all_but_one_must_have_it(brokers, copies, in_sync):
    settings = of_every_node(range(9000, 9000 + brokers))
    assert settings["offsets.topic.replication.factor"] == copies
    assert settings["transaction.state.log.replication.factor"] == copies
    assert settings["min.insync.replicas"] == in_sync
    assert settings["transaction.state.log.min.isr"] == in_sync


def test_every_node_knows_the_quorum():
    voters = of_every_node([9001, 9003, 9005])["controller.quorum.voters"]
    assert voters == "1@127.0.0.1:9001,2@127.0.0.1:9003,3@127.0.0.1:9005"


def test_a_number_of_brokers_that_cannot_lose_one_is_refused(tmp_path):
    with pytest.raises(Misconfigured, match="use 1 or 3 with --brokers or ENGINE_BROKERS"):
        cluster.require(tmp_path, 2)


def test_the_number_of_brokers_is_chosen_once(tmp_path):
    directory = tmp_path / "kafka"
    cluster.require(directory, 3)
    cluster.require(directory, 3)
    with pytest.raises(Misconfigured, match="that of 3 Kafka brokers, not of 1: use --brokers 3"):
        cluster.require(directory, 1)


def test_data_of_before_there_were_several_is_that_of_one(tmp_path):
    (tmp_path / "data").mkdir()
    cluster.require(tmp_path, 1)
    with pytest.raises(Misconfigured, match="that of 1 Kafka broker, not of 3"):
        cluster.require(tmp_path, 3)


def test_java_reads_every_character_of_a_setting():
    assert (
        properties({"log.dirs": "/data/Zoë\\😀"}) == "log.dirs=/data/Zo\\u00eb\\\\\\ud83d\\ude00\n"
    )
