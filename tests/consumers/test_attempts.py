"""Trouble of MongoDB: told apart, and told without what people wrote."""

import pytest
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    ExecutionTimeout,
    NotPrimaryError,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
)

from consumers.attempts import attempt
from consumers.errors import RetryLater, StopConsuming


def bulk_error(code: int) -> BulkWriteError:
    refusal = {"code": code, "errmsg": "refused", "op": {"content": "a secret"}}
    return BulkWriteError({"writeErrors": [refusal], "writeConcernErrors": []})


@pytest.mark.parametrize(
    "error",
    [
        AutoReconnect("gone"),
        NotPrimaryError("moved"),
        ServerSelectionTimeoutError("nobody"),
        ExecutionTimeout("slow", 50),
        OperationFailure("stepping down", 189),
        OperationFailure("disk full", 14_031),
        bulk_error(91),
        OperationFailure("ended", 251, {"errorLabels": ["TransientTransactionError"]}),
        OperationFailure("unknown", 1, {"errorLabels": ["UnknownTransactionCommitResult"]}),
        BulkWriteError({"writeErrors": [], "writeConcernErrors": [{"code": 64, "errmsg": "w"}]}),
    ],
    ids=lambda error: str(error)[:30],
)
def test_trouble_of_the_server_is_tried_again(error: PyMongoError) -> None:
    with pytest.raises(RetryLater), attempt():
        raise error


@pytest.mark.parametrize("error", [OperationFailure("not allowed", 13), bulk_error(9)])
def test_what_trying_again_cannot_mend_stops_the_consumer(error: PyMongoError) -> None:
    with pytest.raises(StopConsuming), attempt():
        raise error


def test_no_content_of_a_message_gets_into_an_error_text() -> None:
    with pytest.raises(StopConsuming) as caught, attempt():
        raise bulk_error(9)

    assert "secret" not in str(caught.value)
    assert "9 refused" in str(caught.value)
    assert caught.value.__suppress_context__
