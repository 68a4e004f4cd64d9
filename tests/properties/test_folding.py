"""Folding as promises: diacritics, case and the form of the encoding never matter."""

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_project.folding import fold
from messaging.words import MAX_WORD_LENGTH, beginning, folded_words, with_beginnings

BARE = {
    "a": "aàáảãạăằắẳẵặâầấẩẫậ",
    "e": "eèéẻẽẹêềếểễệ",
    "i": "iìíỉĩị",
    "o": "oòóỏõọôồốổỗộơờớởỡợ",
    "u": "uùúủũụưừứửữự",
    "y": "yỳýỷỹỵ",
    "d": "dđ",
}
"""Every Vietnamese letter with a diacritic, by the letter that people type instead."""

WITHOUT_DIACRITICS = str.maketrans(
    {letter: bare for bare, letters in BARE.items() for letter in letters}
)
VIETNAMESE = "".join(BARE.values()) + "bcghklmnpqrstvx"

vietnamese = st.text(st.sampled_from(VIETNAMESE + VIETNAMESE.upper() + " ,.!-0123456789"))
FORMS: Any = st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"])


@given(vietnamese)
def test_with_and_without_diacritics_are_the_same_words(text: str) -> None:
    assert folded_words(text) == folded_words(text.lower().translate(WITHOUT_DIACRITICS))


@given(vietnamese)
def test_folded_vietnamese_is_ascii(text: str) -> None:
    assert fold(text).isascii()


@given(vietnamese, FORMS)
def test_case_and_the_encodings_form_do_not_matter(text: str, form: Any) -> None:
    other = unicodedata.normalize(form, text)

    assert folded_words(other) == folded_words(text)
    assert folded_words(other.upper()) == folded_words(text.lower())


@given(st.text(), st.sampled_from(["NFC", "NFD"]))
def test_equivalent_texts_of_any_script_are_the_same_words(text: str, form: Any) -> None:
    assert folded_words(unicodedata.normalize(form, text)) == folded_words(text)


@given(st.text())
def test_folding_again_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text())
def test_a_word_is_letters_and_digits_of_a_limited_length(text: str) -> None:
    for word in folded_words(text):
        assert word.isalnum()
        assert 1 <= len(word) <= MAX_WORD_LENGTH


@given(st.lists(st.text(st.sampled_from("abcđ"), min_size=1)))
def test_each_beginning_of_two_letters_or_more_is_there_once_and_no_other(
    words: list[str],
) -> None:
    found = with_beginnings(words)

    proper = {beginning(word[:length]) for word in words for length in range(2, len(word))}
    assert set(found) == set(words) | proper
    assert len(found) == len(set(found))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Họp phụ huynh lớp 5A1, 19h30!", ["hop", "phu", "huynh", "lop", "5a1", "19h30"]),
        ("ĐƯỜNG Đi đến Đà Nẵng", ["duong", "di", "den", "da", "nang"]),
        ("hoà hòa", ["hoa", "hoa"]),
        ("bai_tap-toan.pdf", ["bai", "tap", "toan", "pdf"]),
        ("🎒 … —", []),
        ("Straße ÉCOLE Ωμέγα школа", ["strasse", "ecole", "ωμεγα", "школа"]),
        ("学校 ٣", ["学校", "٣"]),
        ("x" * 40, ["x" * 32]),
    ],
)
def test_examples(text: str, words: list[str]) -> None:
    assert folded_words(text) == words
