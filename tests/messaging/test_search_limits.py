"""How much the search keeps of a message, and what is found all the same."""

from random import Random
from string import ascii_lowercase

import pytest

from conversations.values import ConversationSettings
from messaging.events import MAX_CONTENT_UTF16_UNITS
from messaging.words import MAX_WORDS, folded_words, with_beginnings
from tests.conftest import Api
from tests.messaging.conftest import Calls, data_of, index_of, store_message
from tests.messaging.searching import ask, index_messages, numbers

SQUARED_KANA = "".join(chr(code) for code in range(0x3300, 0x3358))
"""Each is a word of two to six letters once it is folded."""


def text_of(letters: str, length: int) -> str:
    """As many words of so many of these letters as a message may hold."""
    dice = Random(7)
    words = MAX_CONTENT_UTF16_UNITS // (length + 1)
    return " ".join("".join(dice.choices(letters, k=length)) for _ in range(words))


@pytest.mark.parametrize(
    ("letters", "length", "limit"),
    [
        pytest.param(ascii_lowercase, 9, 4_000, id="words of nine letters"),
        pytest.param(ascii_lowercase, 32, 1_200, id="the longest words"),
        pytest.param(SQUARED_KANA, 3, 6_000, id="squared kana"),
    ],
)
def test_a_message_has_a_limited_number_of_keys(letters: str, length: int, limit: int) -> None:
    keys = with_beginnings(folded_words(text_of(letters, length)))

    assert len(keys) <= limit


def test_a_beginning_is_found_however_long_it_is(
    mai: Api, group: ConversationSettings, calls: Calls
) -> None:
    for seq, content in enumerate(("Hội thảo quốc tế", "internationalism", "Internationalization")):
        store_message(group, seq + 1, content=content)
    index_messages(group)

    found = {
        term: numbers(data_of(ask(mai, group, term)))
        for term in ("internat", "internati", "internationali", "internationaliz", "internationalx")
    }

    assert found == {
        "internat": [3, 2],
        "internati": [3, 2],
        "internationali": [3, 2],
        "internationaliz": [3],
        "internationalx": [],
    }
    for find in calls.profiled({"command.find": "message_search"}):
        assert index_of(find) == "conversation_words"
        assert not find.get("hasSortStage")
        assert find["docsExamined"] <= 2


def test_of_very_many_words_the_first_are_found(mai: Api, group: ConversationSettings) -> None:
    words = [f"{number:04}" for number in range(MAX_WORDS + 1)]
    store_message(group, 1, content=" ".join(words))
    index_messages(group)

    assert numbers(data_of(ask(mai, group, words[MAX_WORDS - 1]))) == [1]
    assert numbers(data_of(ask(mai, group, words[MAX_WORDS]))) == []
