"""Ids that the replaced system holds as texts, in whichever case, and messages that are counted and lost."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from chat_project.mongodb import collection
from consumers.history import importing
from consumers.history.values import forms_of
from tests.history.conftest import assert_sound, brought, pair_of, run, stored
from tests.history.replaced import Replaced
from tests.history.test_damage import lines_of

CASES: dict[str, Callable[[str], str]] = {
    "lower": str.lower,
    "upper": str.upper,
    "mixed": lambda id_: id_[:-2].lower() + id_[-2:].upper(),
}


def new_guid() -> str:
    """One whose end tells its case."""
    return f"{uuid4()}"[:-4] + "abcd"


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_message_that_names_its_conversation_by_a_text_is_brought(
    replaced: Replaced, case: Callable[[str], str]
) -> None:
    id_, mai, dung = pair_of(replaced, conversation_id=new_guid())
    replaced.message(id_, mai, "một", minutes=1)
    replaced.message(id_, dung, "hai", minutes=2, ConversationId=case(id_))

    outcome = brought(replaced)

    assert (outcome["messages"], outcome["messagesNotBrought"]) == (2, 0)
    assert [each["content"] for each in stored(id_)] == ["một", "hai"]
    assert_sound(id_)


@pytest.mark.parametrize(
    "id_", ["0a1b2c3d" * 4, "{0a1b2c3d-0a1b-2c3d-0a1b-2c3d0a1b2c3d}", "lop-5a"]
)
def test_what_is_no_guid_in_lower_case_has_one_form(id_: str) -> None:
    assert forms_of(id_) == [id_]


def test_an_answered_message_is_found_by_a_text_in_upper_case(replaced: Replaced) -> None:
    id_, mai, dung = pair_of(replaced)
    answered = new_guid()
    gone = {"MessageId": answered.upper(), "IsDeleted": True}
    replaced.message(id_, mai, "đã xóa", minutes=1, message_id=answered, **gone)
    quote = {"MessageId": replaced.guid(answered), "Content": "đã xóa", "SenderName": "Mai"}
    replaced.message(id_, dung, "sao vậy?", minutes=2, ReplyTo=quote)

    brought(replaced)

    assert stored(id_)[1]["replyTo"] == {"messageId": answered, "senderName": "Mai"}


def test_a_list_is_no_conversations_id(replaced: Replaced, tmp_path: Path) -> None:
    id_, mai, _ = pair_of(replaced)
    replaced.message(id_, mai, "một", minutes=1)
    replaced.message(id_, mai, "hai", minutes=2, ConversationId=[replaced.guid(id_)])

    outcome = brought(replaced, "--report", str(tmp_path / "report"))

    assert (outcome["messages"], outcome["messagesNotBrought"]) == (1, 1)
    [line] = lines_of(tmp_path / "report", "unknown_conversation")
    assert line["document"]["Content"] == "hai"


def test_a_conversation_that_lost_messages_since_they_were_counted_is_not_shown(
    replaced: Replaced, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_, mai, _ = pair_of(replaced)
    replaced.message(id_, mai, "một", minutes=1)
    lost = replaced.message(id_, mai, "hai", minutes=2)
    real = importing.survey

    def then_one_is_lost(*arguments: Any) -> Any:
        found = real(*arguments)
        replaced.database["messages"].delete_one({"MessageId": replaced.guid(lost)})
        return found

    with monkeypatch.context() as patched:
        patched.setattr(importing, "survey", then_one_is_lost)
        code, _, error = run(replaced)

    assert code == 1
    assert f"{id_} had 2 messages when they were counted, and 1 when they were read" in error
    assert collection("conversations").find_one({"_id": id_}) is None
    brought(replaced)
    assert [each["content"] for each in stored(id_)] == ["một"]
    assert_sound(id_)
