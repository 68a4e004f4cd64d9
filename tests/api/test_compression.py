"""Large answers to GET are compressed for who can read them; nothing else is."""

import gzip
import json
from typing import Any

import pytest
from django.test import Client

from chat_project.api.compression import MIN_BYTES

SMALL = MIN_BYTES - 1_000
LARGE = MIN_BYTES
TEXTS = "/api/v1/probe/texts"


def answer(path: str, *, accept: str = "gzip, deflate, br") -> Any:
    return Client().get(path, headers={"Accept-Encoding": accept})


def test_a_large_answer_is_compressed_for_who_can_read_it() -> None:
    compressed, plain = answer(f"{TEXTS}?size={LARGE}"), answer(f"{TEXTS}?size={LARGE}", accept="")

    assert compressed.headers["Content-Encoding"] == "gzip"
    assert compressed.headers["Content-Length"] == str(len(compressed.content))
    assert len(compressed.content) < len(plain.content)
    assert json.loads(gzip.decompress(compressed.content))["data"] == plain.json()["data"]
    assert "Content-Encoding" not in plain.headers
    assert "Accept-Encoding" in plain.headers["Vary"], "a cache keeps the two apart"


def test_a_path_in_other_letters_is_the_apis_too() -> None:
    path = TEXTS.replace("api", "API")

    assert answer(f"{path}?size={LARGE}").headers["Content-Encoding"] == "gzip"


def test_a_small_answer_stays_as_it_is() -> None:
    assert "Content-Encoding" not in answer(f"{TEXTS}?size={SMALL}").headers


def test_the_answer_to_a_post_stays_as_it_is() -> None:
    posted = Client().post(
        "/api/v1/probe/echo",
        {"content": "x" * LARGE},
        content_type="application/json",
        headers={"Accept-Encoding": "gzip"},
    )

    assert len(posted.content) > LARGE
    assert "Content-Encoding" not in posted.headers


@pytest.mark.parametrize("path", ["/admin/login/", "/metrics", "/swagger"])
def test_pages_and_metrics_stay_as_they_are(path: str) -> None:
    page = answer(path)

    assert page.status_code == 200
    assert "Content-Encoding" not in page.headers


def test_two_compressed_answers_of_the_same_data_differ_in_length() -> None:
    """Django's random bytes: who counts bytes learns little."""
    lengths = {len(answer(f"{TEXTS}?size={LARGE}").content) for _ in range(20)}

    assert len(lengths) > 1
