"""Dead letters in the admin, on a real Kafka."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from chat_project.identifiers import new_id
from chat_project.mongodb import collection
from consumers.admin import dead_letters
from consumers.letters.retrying import Fate, Outcome
from conversations import services
from tests.consumers.events import event
from tests.consumers.pipelines import Pipeline
from tests.staff.conftest import LETTERS, School, audited, listed, person


@pytest.fixture
def pipeline(database: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pipeline]:
    """Topics of this test, which the admin then works with."""
    made = Pipeline()
    monkeypatch.setattr(dead_letters, "environment", lambda: made.environment)
    return made


def drain(pipeline: Pipeline) -> None:
    with pipeline.consumer("--drain", "--allow-dead-letters", "100") as consumer:
        assert consumer.wait(60) == 0, consumer.output()


def buried(pipeline: Pipeline, body: Any) -> dict[str, Any]:
    """The letter that this record becomes."""
    pipeline.produce([body])
    drain(pipeline)
    [letter] = collection("dead_letters").find({"topic": pipeline.environment.message_topic})
    return letter


def post(client: Client, action: str, letter: str, **more: str) -> Any:
    sent = {"action": action, "_selected_action": [letter], **more}
    return client.post(LETTERS, sent, follow=True)


def test_a_letter_is_shown_retried_after_a_question_and_stored(
    pipeline: Pipeline, staff: Client, own: School
) -> None:
    room = new_id()
    body = event(room, tenant_id=own.tenant_id, content="Chào <b>thầy</b>")
    letter = buried(pipeline, body)["_id"]
    assert letter in listed(staff, LETTERS)
    page = staff.get(f"{LETTERS}{letter}/change/").content.decode()
    assert "unknown_conversation" in page
    assert "Chào &lt;b&gt;thầy&lt;/b&gt;" in page
    services.create_teacher_group(own.tenant_id, "Tổ Lý", founder=person(), conversation_id=room)

    asked = post(staff, "retry", letter).content.decode()
    assert "Yes, retry" in asked
    assert letter in listed(staff, LETTERS), "nothing is done before the answer"
    done = post(staff, "retry", letter, confirmed="yes").content.decode()

    assert "Retried: 1 of 1" in done
    drain(pipeline)
    stored = collection("messages").find_one({"_id": body["messageId"]}) or {}
    assert stored["content"] == "Chào <b>thầy</b>"
    assert letter not in listed(staff, LETTERS)
    assert letter in listed(staff, LETTERS, state="retried")
    [entry] = audited(letter)
    assert (entry["action"], entry["by"]) == ("retry dead letter", own.user.username)
    assert entry["tenantId"] == own.tenant_id


def test_a_letter_is_discarded_with_a_reason_only(
    pipeline: Pipeline, staff: Client, own: School
) -> None:
    letter = buried(pipeline, event(new_id(), tenant_id=own.tenant_id))["_id"]

    for given in ({}, {"confirmed": "yes"}, {"confirmed": "yes", "why": "  "}):
        assert "Yes, discard" in post(staff, "discard", letter, **given).content.decode()
        assert letter in listed(staff, LETTERS)
    done = post(staff, "discard", letter, confirmed="yes", why="a test").content.decode()

    assert "Discarded: 1 of 1" in done
    kept = collection("dead_letters").find_one({"_id": letter}) or {}
    assert (kept["closedHow"], kept["closedBy"]) == ("discarded", own.user.username)
    [entry] = audited(letter)
    assert entry["details"]["why"] == "a test"
    assert entry["tenantId"] == own.tenant_id
    again = post(staff, "retry", letter, confirmed="yes").content.decode()
    assert "not retried (discarded)" in again


def test_bytes_that_are_no_text_are_shown_in_hexadecimal(
    pipeline: Pipeline, superuser: Client
) -> None:
    letter = buried(pipeline, b"\xff\x00<script>alert(1)</script>")["_id"]

    page = superuser.get(f"{LETTERS}{letter}/change/").content.decode()

    assert "ff 00 3c 73 63" in page
    assert "<script>alert" not in page


def test_without_kafka_a_letter_is_shown_without_its_record(
    own: School, staff: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from consumers.errors import RetryLater

    def away(*_: Any, **__: Any) -> None:
        raise RetryLater("Kafka does not answer")

    monkeypatch.setattr(dead_letters.Desk, "show", away)
    monkeypatch.setattr(dead_letters.Desk, "retry", away)

    page = staff.get(f"{LETTERS}{own.letter_id}/change/")
    assert page.status_code == 200
    assert "cannot be read at the moment" in page.content.decode()
    told = post(staff, "retry", own.letter_id, confirmed="yes").content.decode()
    assert "Not done, or not to the end: Kafka does not answer" in told
    assert "Retried" not in told
    assert [each["action"] for each in audited(own.letter_id)] == [
        "retry dead letter",
        "not done: retry dead letter",
    ]


def test_what_was_retried_before_kafka_went_away_is_told(
    own: School, staff: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from consumers.errors import RetryLater
    from tests.staff.conftest import make_letter

    fates = [Outcome(own.letter_id, Fate.RETRIED), Outcome("a", Fate.NO_RECORD)]

    def retry(*_: Any, **__: Any) -> Iterator[Outcome]:
        if not fates:
            raise RetryLater("Kafka does not answer")
        yield fates.pop(0)

    monkeypatch.setattr(dead_letters.Desk, "retry", retry)
    others = [make_letter(own.tenant_id, own.group.id) for _ in range(2)]

    sent = {"_selected_action": [own.letter_id, *others], "action": "retry", "confirmed": "yes"}
    told = staff.post(LETTERS, sent, follow=True).content.decode()

    assert "Retried: 1 of 3" in told
    assert "not retried (no record)" in told
    assert "not to the end: Kafka does not answer" in told


def test_filters_by_reason_and_state(own: School, staff: Client) -> None:
    from tests.staff.conftest import make_letter

    broken = make_letter(own.tenant_id, own.group.id, reason="malformed")
    gone = make_letter(own.tenant_id, own.group.id, closedHow="discarded")

    assert listed(staff, LETTERS, reason__exact="malformed") == [broken]
    assert set(listed(staff, LETTERS)) == {broken, own.letter_id}
    assert listed(staff, LETTERS, state="discarded") == [gone]
    assert set(listed(staff, LETTERS, state="all")) == {broken, own.letter_id, gone}


def test_a_letter_is_found_by_its_ids_in_any_state(own: School, staff: Client) -> None:
    from tests.staff.conftest import make_letter

    message = new_id()
    gone = make_letter(own.tenant_id, new_id(), closedHow="discarded", messageId=message)

    assert listed(staff, LETTERS, q=gone) == [gone]
    assert listed(staff, LETTERS, q=message.upper()) == [gone]
    assert listed(staff, LETTERS, q=own.group.id) == [own.letter_id]
