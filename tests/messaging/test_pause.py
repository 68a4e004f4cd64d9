"""The gate: sends are refused while the topic grows, and where the partition count is another."""

from collections.abc import Callable, Iterator

import pytest
from pymongo.errors import ServerSelectionTimeoutError

from chat_project.settings.environment import environment
from conversations.values import ConversationSettings
from messaging import pause as module
from messaging.deliveries import Reason, Refused
from messaging.errors import AcceptingPaused, KafkaAway
from messaging.pause import Accepting, Gate
from tests.conftest import Api
from tests.messaging.conftest import BATCH, TEXT, UseProducer, error_of, records_in, text_for
from tests.waiting import wait_until

OPEN = Accepting(10, paused=False)
PAUSED = Accepting(10, paused=True, grows_to=20)
GROWN = Accepting(20, paused=False)

MakeGate = Callable[..., Gate]


class State:
    """What the collection says; `away` plays a database that does not answer, `is_damaged` a
    document without its fields."""

    def __init__(self, now: Accepting | None) -> None:
        self.now = now
        self.is_damaged = False
        self.away = False
        self.looks = 0

    def look(self) -> Accepting | None:
        self.looks += 1
        if self.away:
            raise ServerSelectionTimeoutError("away")
        if self.is_damaged:
            raise KeyError("partitions")
        return self.now


def never() -> int:
    """What asks Kafka for the count, where the database has told."""
    raise AssertionError


def away() -> int:
    raise KafkaAway("no broker")


@pytest.fixture
def gate_of(monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeGate]:
    """Starts a gate of a process with ten partitions that looks often."""
    monkeypatch.setattr(module, "POLL_SECONDS", 0.01)
    gates: list[Gate] = []

    def make(state: State, partitions: int = 10) -> Gate:
        gates.append(Gate(partitions, state.look).start())
        return gates[-1]

    yield make
    for gate in gates:
        gate.close()


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (None, None),
        (OPEN, None),
        (PAUSED, Reason.ACCEPTING_PAUSED),
        (GROWN, Reason.PARTITIONS_DIFFER),
        (Accepting(20, paused=True, grows_to=20), Reason.ACCEPTING_PAUSED),
    ],
    ids=["never grown", "open", "paused", "grown", "paused and grown"],
)
def test_a_gate_knows_the_state_once_it_has_started(
    gate_of: MakeGate, state: Accepting | None, reason: Reason | None
) -> None:
    assert gate_of(State(state)).refusal(never) == (Refused(reason) if reason else None)


def test_a_gate_learns_of_a_pause_and_of_its_end(gate_of: MakeGate) -> None:
    state = State(OPEN)
    gate = gate_of(state)

    state.now = PAUSED
    wait_until(lambda: gate.refusal(never) is not None, "the gate is closed")
    state.now = OPEN
    wait_until(lambda: gate.refusal(never) is None, "the gate is open again")


@pytest.mark.parametrize("known", [OPEN, PAUSED], ids=["open", "paused"])
def test_without_the_database_the_last_knowledge_stays(gate_of: MakeGate, known: Accepting) -> None:
    state = State(known)
    gate = gate_of(state)
    before = gate.refusal(never)

    state.away, looks = True, state.looks
    wait_until(lambda: state.looks > looks + 3, "three looks that fail")

    assert gate.refusal(never) == before


@pytest.mark.parametrize(
    ("partitions", "reason"), [(10, None), (20, Reason.PARTITIONS_DIFFER)], ids=["same", "grown"]
)
def test_without_the_database_from_the_start_the_topics_count_decides_asked_once(
    gate_of: MakeGate, partitions: int, reason: Reason | None
) -> None:
    state = State(PAUSED)
    state.away = True
    gate = gate_of(state)
    asked: list[int] = []

    def count() -> int:
        asked.append(partitions)
        return partitions

    for _ in range(3):
        assert gate.refusal(count) == (Refused(reason) if reason else None)
    assert len(asked) == 1
    if reason:
        with pytest.raises(AcceptingPaused, match="KAFKA_PARTITIONS=20"):
            gate.check_open()

    state.away = False
    paused = Refused(Reason.ACCEPTING_PAUSED)
    wait_until(lambda: gate.refusal(never) == paused, "the gate is closed")


def test_without_the_database_and_kafka_from_the_start_nothing_is_sent(gate_of: MakeGate) -> None:
    state = State(OPEN)
    state.away = True
    gate = gate_of(state)

    assert gate.refusal(away) == Refused(Reason.KAFKA_UNAVAILABLE)
    assert gate.refusal(lambda: 10) is None


@pytest.mark.parametrize("more", [0, 1], ids=["same", "other"])
def test_a_process_that_starts_without_the_database_accepts_with_the_right_count_only(
    mai: Api,
    group: ConversationSettings,
    gate_of: MakeGate,
    use_producer: UseProducer,
    more: int,
) -> None:
    state = State(OPEN)
    state.away = True
    partitions = environment().kafka_partitions + more
    gate = gate_of(state, partitions)
    servers = environment().kafka_bootstrap_servers
    use_producer(servers, partitions=partitions, refusal=gate.refusal)

    answer = mai.post(TEXT, text_for(group))

    assert answer.status_code == (503 if more else 200)
    if more:
        assert error_of(answer)["code"] == "partitions_differ"
    assert len(records_in(group.id)) == (0 if more else 1)


@pytest.mark.parametrize("known", [None, OPEN], ids=["never grown", "open"])
def test_what_is_not_understood_closes_a_gate_until_it_is_mended(
    gate_of: MakeGate, known: Accepting | None, caplog: pytest.LogCaptureFixture
) -> None:
    state = State(known)
    gate = gate_of(state)

    state.is_damaged, looks = True, state.looks
    wait_until(
        lambda: gate.refusal(never) == Refused(Reason.ACCEPTING_PAUSED), "the gate is closed"
    )
    with pytest.raises(AcceptingPaused, match="damaged"):
        gate.check_open()
    wait_until(lambda: state.looks > looks + 3, "it goes on looking")
    state.is_damaged = False
    wait_until(lambda: gate.refusal(never) is None, "the gate is open again")

    assert caplog.text.count("KeyError: 'partitions'") == 1


@pytest.mark.parametrize(
    ("state", "words"), [(PAUSED, "grows to 20"), (GROWN, "KAFKA_PARTITIONS=20")]
)
def test_readiness_says_why_nothing_is_accepted(
    gate_of: MakeGate, state: Accepting, words: str
) -> None:
    with pytest.raises(AcceptingPaused, match=words):
        gate_of(State(state)).check_open()


@pytest.mark.parametrize("reason", [Reason.ACCEPTING_PAUSED, Reason.PARTITIONS_DIFFER])
def test_a_refused_send_is_503_at_once_and_nothing_is_produced(
    mai: Api, group: ConversationSettings, use_producer: UseProducer, reason: Reason
) -> None:
    use_producer(refusal=lambda _count: Refused(reason))

    text = mai.post(TEXT, text_for(group), idempotency_key="k")
    batch = mai.post(BATCH, [text_for(group), text_for(group)])

    for answer in (text, batch):
        assert (answer.status_code, answer["Retry-After"]) == (503, "1")
        assert error_of(answer)["code"] == reason.value
    assert records_in(group.id) == []


def test_the_same_key_is_accepted_after_the_pause(
    mai: Api,
    group: ConversationSettings,
    use_producer: UseProducer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as paused:
        closed = use_producer(refusal=lambda _count: Refused(Reason.ACCEPTING_PAUSED))
        paused.setattr("messaging.services.producer", lambda: closed)
        refused = mai.post(TEXT, text_for(group), idempotency_key="k")
    monkeypatch.undo()

    accepted = mai.post(TEXT, text_for(group), idempotency_key="k")

    assert (refused.status_code, accepted.status_code) == (503, 200)
    assert len(records_in(group.id)) == 1
