"""`chat_project.mongodb`: which database the raw collections mean, and what long work waits for."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from pymongo import MongoClient
from pymongo.errors import ServerSelectionTimeoutError

from chat_project import mongodb
from chat_project.mongodb import (
    collection,
    database,
    majority_collection,
    taking_up_to,
    using_database,
)
from chat_project.settings.environment import environment


def test_within_the_block_every_function_means_the_other_database() -> None:
    with using_database("restored"):
        names = {
            database().name,
            collection("messages").database.name,
            majority_collection("messages").database.name,
        }

    assert names == {"restored"}
    assert database().name == environment().mongodb_database


def test_an_inner_block_gives_back_the_outer_one() -> None:
    with using_database("outer"):
        with using_database("inner"):
            pass

        assert database().name == "outer"


def test_a_block_that_fails_gives_back_the_own_database() -> None:
    with suppress(ZeroDivisionError), using_database("restored"):
        raise ZeroDivisionError

    assert database().name == environment().mongodb_database


def test_another_thread_stays_with_its_own_database() -> None:
    with using_database("restored"), ThreadPoolExecutor() as threads:
        elsewhere = threads.submit(lambda: database().name).result()

    assert elsewhere == environment().mongodb_database


def test_long_work_begins_only_when_the_server_answers_within_the_clients_own_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    away: MongoClient[mongodb.Document] = MongoClient("mongodb://127.0.0.1:9", timeoutMS=100)
    monkeypatch.setattr(mongodb, "client", lambda: away)

    with away, pytest.raises(ServerSelectionTimeoutError), taking_up_to(3_600):
        raise AssertionError("the work has begun")
