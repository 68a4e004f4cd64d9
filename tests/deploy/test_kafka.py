"""The three brokers: one cluster, addresses that lead back to themselves, durable topics."""

import base64
import re
import xml.etree.ElementTree as ET

import pytest

from chat_project.settings.environment import environment
from messaging.topics import WANTED_REPLICATION_FACTOR, planned_topics
from tests.deploy.compose import BROKERS, PROCESSES, ROOT, Compose


def listeners(compose: Compose, broker: str, setting: str) -> dict[str, str]:
    """By name, the address `host:port` of each listener."""
    pairs = [each.split("://") for each in compose.environment(broker)[setting].split(",")]
    return dict(pairs)


def port_of(address: str) -> str:
    return address.rpartition(":")[2]


def test_the_brokers_are_one_cluster_with_a_vote_each(compose: Compose) -> None:
    assert [name for name in compose.file["services"] if "kafka" in name] == list(BROKERS)
    [cluster] = {compose.environment(broker)["CLUSTER_ID"] for broker in BROKERS}
    assert len(base64.urlsafe_b64decode(cluster + "==")) == 16
    for broker in BROKERS:
        voters = compose.environment(broker)["KAFKA_CONTROLLER_QUORUM_VOTERS"].split(",")
        controller = port_of(listeners(compose, broker, "KAFKA_LISTENERS")["CONTROLLER"])
        number = compose.environment(broker)["KAFKA_NODE_ID"]
        assert len(voters) == len(BROKERS)
        assert f"{number}@{broker}:{controller}" in voters


def test_the_product_is_given_the_addresses_that_the_brokers_advertise_inside(
    compose: Compose,
) -> None:
    advertised = [
        listeners(compose, broker, "KAFKA_ADVERTISED_LISTENERS")["INTERNAL"] for broker in BROKERS
    ]

    assert [address.partition(":")[0] for address in advertised] == list(BROKERS)
    for name in PROCESSES:
        assert compose.environment(name)["KAFKA_BOOTSTRAP_SERVERS"].split(",") == advertised


@pytest.mark.parametrize("broker", BROKERS)
def test_each_advertised_address_reaches_the_listener_it_belongs_to(
    compose: Compose, broker: str
) -> None:
    advertised = listeners(compose, broker, "KAFKA_ADVERTISED_LISTENERS")
    listening = listeners(compose, broker, "KAFKA_LISTENERS")
    [published] = compose.service(broker)["ports"]
    host, outside, inside = published.rsplit(":", 2)

    assert port_of(advertised["INTERNAL"]) == port_of(listening["INTERNAL"])
    assert advertised["EXTERNAL"] == f"localhost:{outside}"
    assert port_of(listening["EXTERNAL"]) == inside
    assert host == "127.0.0.1"


def test_the_first_broker_is_at_the_contracts_address(compose: Compose) -> None:
    first = listeners(compose, "kafka", "KAFKA_ADVERTISED_LISTENERS")

    assert first["EXTERNAL"] == "localhost:9092"


def test_no_two_services_want_the_same_port_of_the_host(compose: Compose) -> None:
    services = compose.file["services"].values()
    ports = [port.split(":")[1] for service in services for port in service.get("ports", [])]

    assert len(ports) == len(set(ports))


@pytest.mark.parametrize("broker", BROKERS)
def test_a_broker_loses_nothing_when_another_one_is_gone(compose: Compose, broker: str) -> None:
    settings = compose.environment(broker)
    factors = {name: v for name, v in settings.items() if name.endswith("REPLICATION_FACTOR")}
    least = {name: v for name, v in settings.items() if re.search("MIN_(ISR|INSYNC)", name)}

    assert (len(factors), set(factors.values())) == (4, {str(WANTED_REPLICATION_FACTOR)})
    assert (len(least), set(least.values())) == (3, {"2"})
    assert settings["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"
    assert settings["KAFKA_UNCLEAN_LEADER_ELECTION_ENABLE"] == "false"


def test_topics_made_here_have_three_replicas_two_of_them_in_step() -> None:
    for plan in planned_topics(environment(), brokers=len(BROKERS)):
        assert plan.replication_factor == 3
        assert plan.configs["min.insync.replicas"] == "2"


@pytest.mark.parametrize("broker", BROKERS)
def test_a_brokers_data_is_in_a_volume_of_its_own(compose: Compose, broker: str) -> None:
    folder = compose.environment(broker)["KAFKA_LOG_DIRS"]
    mine = compose.service(broker)["volumes"]
    others = [v for other in BROKERS if other != broker for v in compose.service(other)["volumes"]]

    assert [volume.partition(":")[2] for volume in mine] == [folder]
    assert not set(mine) & set(others)


@pytest.mark.parametrize("broker", BROKERS)
def test_a_broker_is_healthy_when_its_inner_listener_is_open(compose: Compose, broker: str) -> None:
    asked = re.search(
        r"/dev/tcp/localhost/(\d+)", compose.service(broker)["healthcheck"]["test"][-1]
    )

    assert asked
    assert asked[1] == port_of(listeners(compose, broker, "KAFKA_LISTENERS")["INTERNAL"])


def test_the_first_broker_brings_the_others_along(compose: Compose) -> None:
    assert compose.service("kafka")["depends_on"] == ["kafka-2", "kafka-3"]


def test_the_image_has_the_version_that_the_tests_run_on(compose: Compose) -> None:
    project = ET.parse(ROOT / "devstack" / "pom.xml")  # noqa: S314  # our own file
    versions = {
        dependency.findtext("artifactId"): dependency.findtext("version")
        for dependency in project.iter("dependency")
    }

    for broker in BROKERS:
        assert compose.service(broker)["image"] == f"apache/kafka:{versions['kafka_2.13']}"
