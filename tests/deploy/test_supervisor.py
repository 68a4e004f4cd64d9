"""deploy/supervisor under a real supervisord: everything comes up, comes back, and ends clean."""

import os
import signal
from collections.abc import Iterator, Mapping

import psutil
import pytest
from confluent_kafka.admin import AdminClient

from consumers.replay.group import members
from emis_chat_client import Client
from tests.consumers.pipelines import scrape_port
from tests.deploy.installation import Installation
from tests.deploy.supervised import UP_SECONDS, Supervisor, lives, supervising
from tests.waiting import wait_until

API, LAG, INDEXER = "emis-chat-api", "emis-chat-lag", "emis-chat-indexer-20"
CONSUMERS = ("emis-chat-consumer-10", "emis-chat-consumer-11")
STORED_SECONDS = 60.0
CLEAN_END = "exit status 0"


@pytest.fixture(scope="module")
def supervisor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Supervisor]:
    installation = Installation(tmp_path_factory.mktemp("installed"))
    installation.prepare()
    with supervising(installation) as supervisor:
        yield supervisor


@pytest.fixture(autouse=True)
def running(supervisor: Supervisor) -> Mapping[str, int]:
    """Everything runs when a test begins; the process of each name."""
    supervisor.control("start", "all")
    seen = supervisor.wait_until_all_run()
    wait_until(supervisor.installation.is_ready, "the API is ready", seconds=UP_SECONDS)
    return {name: each.pid or 0 for name, each in seen.items()}


@pytest.fixture
def chat(supervisor: Supervisor) -> Iterator[Client]:
    with supervisor.installation.client() as client:
        yield client


@pytest.fixture
def room(chat: Client) -> str:
    return chat.found_teacher_group(name="Tổ Toán").conversation_id


def test_everything_comes_up_and_serves_its_metrics(
    supervisor: Supervisor, running: Mapping[str, int], chat: Client, room: str
) -> None:
    assert set(running) == {API, LAG, INDEXER, *CONSUMERS}

    sent = chat.send_text(conversation_id=room, content="Chào")

    assert chat.wait_for_outcome(sent.message_id, within_seconds=STORED_SECONDS).status == "Sent"
    for name in CONSUMERS:
        assert "message_processing_duration_seconds" in scrape_port(
            supervisor.metrics_port(name[-2:])
        )
    assert "search_index_lag" in scrape_port(supervisor.metrics_port("20"))
    assert "kafka_consumer_lag" in scrape_port(supervisor.metrics_port("04"))
    assert 'messages_sent_total{status="accepted"}' in scrape_port(
        str(supervisor.installation.port)
    )


def test_killed_consumers_are_started_again_and_go_on(
    supervisor: Supervisor, running: Mapping[str, int], chat: Client, room: str
) -> None:
    for name in CONSUMERS:
        os.kill(running[name], signal.SIGKILL)

    sent = chat.send_text(conversation_id=room, content="Còn ai đó không?")

    outcome = chat.wait_for_outcome(sent.message_id, within_seconds=STORED_SECONDS)
    assert outcome.status == "Sent"
    for name in CONSUMERS:
        supervisor.wait_until_replaced(name, running[name])


def test_a_killed_api_comes_back_on_its_port_without_its_old_workers(
    supervisor: Supervisor, running: Mapping[str, int], chat: Client, room: str
) -> None:
    workers = psutil.Process(running[API]).children()
    os.kill(running[API], signal.SIGKILL)

    supervisor.wait_until_replaced(API, running[API])

    wait_until(lambda: not any(lives(each) for each in workers), "the workers have ended")
    wait_until(supervisor.installation.is_ready, "the API is ready", seconds=UP_SECONDS)
    assert chat.get_conversation(room).conversation_id == room
    assert len(workers) == 2


def test_stopped_everything_ends_by_itself_and_nothing_is_lost(
    supervisor: Supervisor, running: Mapping[str, int], chat: Client, room: str
) -> None:
    told_before = len(supervisor.own_log())
    sent = [chat.send_text(conversation_id=room, content=f"Số {n}").message_id for n in range(40)]

    supervisor.control("stop", "all", seconds=120)

    told = supervisor.own_log()[told_before:]
    assert {each.state for each in supervisor.seen().values()} == {"STOPPED"}
    assert [name for name in running if f"stopped: {name} ({CLEAN_END})" not in told] == []
    assert "SIGKILL" not in told
    assert supervisor.processes() == []
    assert in_the_group(supervisor.installation) == []
    supervisor.control("start", "all")
    supervisor.wait_until_all_run()
    wait_until(supervisor.installation.is_ready, "the API is ready", seconds=UP_SECONDS)
    outcomes = [chat.wait_for_outcome(each, within_seconds=STORED_SECONDS) for each in sent]
    assert [outcome.seq for outcome in outcomes] == list(range(1, len(sent) + 1))


def test_messages_are_sent_while_consumers_are_restarted(
    supervisor: Supervisor, running: Mapping[str, int], chat: Client, room: str
) -> None:
    sent = [chat.send_text(conversation_id=room, content="Trước").message_id]

    supervisor.control("stop", "emis-chat-consumer:*", seconds=120)
    sent.append(chat.send_text(conversation_id=room, content="Giữa").message_id)
    supervisor.control("start", "emis-chat-consumer:*")
    sent.append(chat.send_text(conversation_id=room, content="Sau").message_id)

    outcomes = [chat.wait_for_outcome(each, within_seconds=STORED_SECONDS) for each in sent]
    assert [(outcome.status, outcome.seq) for outcome in outcomes] == [
        ("Sent", 1),
        ("Sent", 2),
        ("Sent", 3),
    ]


def test_a_wrong_setting_is_told_and_tried_again_until_it_is_right(
    supervisor: Supervisor, running: Mapping[str, int]
) -> None:
    supervisor.installation.set(MONGODB_URI=None)
    try:
        os.kill(running[LAG], signal.SIGKILL)
        wait_until(
            lambda: "Settings: MONGODB_URI is missing" in supervisor.log_of(LAG),
            "it says what is missing",
            seconds=UP_SECONDS,
        )
    finally:
        supervisor.installation.set()

    supervisor.wait_until_replaced(LAG, running[LAG])
    wait_until(lambda: serves_lag(supervisor), "it serves the lag", seconds=UP_SECONDS)


def test_what_a_process_says_is_where_the_documentation_says(
    supervisor: Supervisor, running: Mapping[str, int]
) -> None:
    for name in (LAG, INDEXER, *CONSUMERS):
        assert "Metrics at http://localhost:" in supervisor.log_of(name)
    assert "Listening at: http://0.0.0.0:" in supervisor.log_of(API)
    assert "Metrics at http://localhost:" in supervisor.installation.log()


def serves_lag(supervisor: Supervisor) -> bool:
    try:
        return "kafka_consumer_lag" in scrape_port(supervisor.metrics_port("04"))
    except OSError:
        return False


def in_the_group(installation: Installation) -> list[str]:
    admin = AdminClient({"bootstrap.servers": installation.settings["KAFKA_BOOTSTRAP_SERVERS"]})
    return [str(member) for member in members(admin, installation.settings["KAFKA_GROUP_ID"])]
