"""Attempts, pauses and errors without a server: what the flow asks for, answer by answer."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest

from emis_chat_client import calls, errors
from emis_chat_client.answers import data_of
from emis_chat_client.call import Call
from emis_chat_client.exchange import Flow, Received, Send, Wait, attempt_of, exchange, outcome_of
from emis_chat_client.keys import new_key
from emis_chat_client.models import Message, TextRequest
from emis_chat_client.retries import Retry

METADATA = {"timestamp": "2025-11-07T10:00:00.000Z", "requestId": "request-1"}
LEAVE = calls.leave_conversation("room-1")
DONE = httpx.Response(
    200, json={"success": True, "data": None, "error": None, "metadata": METADATA}
)


def refused(status: int, code: str = "some_code", **headers: str) -> httpx.Response:
    error = {"code": code, "message": "why", "details": {"field": "a"}}
    body = {"success": False, "data": None, "error": error, "metadata": METADATA}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, json=body, headers=named)


def driven(
    answers: list[Received], retry: Retry | None = None
) -> tuple[list[Send], list[float], Any]:
    """Attempts, pauses, and what came out of leaving: the data or the error."""
    return driven_flow(exchange(LEAVE, retry or Retry(jitter=lambda: 1.0)), answers)


def driven_flow(flow: Flow[Any], answers: list[Received]) -> tuple[list[Send], list[float], Any]:
    sends: list[Send] = []
    pauses: list[float] = []
    waiting = iter(answers)
    step = next(flow)
    while True:
        try:
            if isinstance(step, Wait):
                pauses.append(step.seconds)
                step = flow.send(None)
            else:
                sends.append(step)
                step = flow.send(next(waiting))
        except StopIteration as done:
            return sends, pauses, done.value
        except errors.ChatError as error:
            return sends, pauses, error


def message(status: str) -> httpx.Response:
    nothing: dict[str, Any] = dict.fromkeys(Message.__struct_encode_fields__)
    lists: dict[str, list[Any]] = {
        name: [] for name in ("attachments", "mentions", "reactions", "readReceipts")
    }
    flags = dict.fromkeys(("isDeleted", "isPinned"), False)
    told = {"messageId": "m", "type": "Text", "status": status, "readCount": 0}
    data = {**nothing, **lists, **flags, **told}
    return httpx.Response(
        200, json={"success": True, "data": data, "error": None, "metadata": METADATA}
    )


@pytest.mark.parametrize(
    "failure",
    [
        refused(503),
        refused(429),
        httpx.Response(502, text="<html>Bad Gateway</html>"),
        httpx.Response(504),
        httpx.ConnectError("refused"),
        httpx.ReadError("reset"),
        httpx.RemoteProtocolError("closed"),
        httpx.ReadTimeout("too slow"),
        httpx.ConnectTimeout("too slow"),
    ],
    ids=lambda each: getattr(each, "status_code", type(each).__name__),
)
def test_what_may_pass_is_tried_again_and_all_attempts_are_equal(failure: Received) -> None:
    sends, pauses, outcome = driven([failure, failure, DONE])

    assert outcome is None
    assert pauses == [0.2, 0.4]
    assert sends[0] == sends[1] == sends[2]
    assert UUID(sends[0].headers["Idempotency-Key"]).version == 7


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 415, 422, 500])
def test_what_stays_as_it_is_is_not_tried_again(status: int) -> None:
    sends, pauses, outcome = driven([refused(status)])

    assert (len(sends), pauses) == (1, [])
    assert (outcome.status, outcome.code, outcome.details) == (status, "some_code", {"field": "a"})
    assert outcome.request_id == "request-1"


@pytest.mark.parametrize("code", ["kafka_not_authorized", "kafka_rejected"])
def test_a_503_that_no_retry_helps_is_not_tried_again(code: str) -> None:
    sends, _, outcome = driven([refused(503, code)])

    assert (len(sends), type(outcome)) == (1, errors.NeverAccepted)


def test_pauses_double_up_to_the_longest_and_then_it_ends() -> None:
    retry = Retry(attempts=7, longest_pause_seconds=2.0, jitter=lambda: 1.0)

    sends, pauses, outcome = driven([refused(503)] * 7, retry)

    assert pauses == [0.2, 0.4, 0.8, 1.6, 2.0, 2.0]
    assert (len(sends), type(outcome)) == (7, errors.Unavailable)


@pytest.mark.parametrize(("jitter", "pause"), [(0.0, 0.0), (0.5, 0.1), (1.0, 0.2)])
def test_a_pause_is_a_random_part(jitter: float, pause: float) -> None:
    _, pauses, _ = driven([refused(503), DONE], Retry(jitter=lambda: jitter))

    assert pauses == [pause]


def test_retry_after_is_waited_for_in_full() -> None:
    _, pauses, outcome = driven([refused(429, Retry_After="7"), DONE])

    assert (pauses, outcome) == ([7.2], None)


def test_retry_after_may_be_a_date() -> None:
    at = format_datetime(datetime.now(UTC) + timedelta(seconds=20), usegmt=True)

    _, [pause], _ = driven([refused(503, Retry_After=at), DONE])

    assert 10 < pause < 21


@pytest.mark.parametrize("text", ["", "soon", "-5", "1e9", "Fri, 99 Nov 2026"])
def test_a_retry_after_that_says_nothing_is_none(text: str) -> None:
    _, pauses, _ = driven([refused(503, Retry_After=text), DONE])

    assert pauses == [0.2]


def test_a_retry_after_that_is_too_long_is_told_and_not_waited_for() -> None:
    sends, pauses, outcome = driven([refused(429, Retry_After="3600")])

    assert (len(sends), pauses) == (1, [])
    assert (type(outcome), outcome.retry_after_seconds) == (errors.RateLimited, 3600)


@pytest.mark.parametrize(
    ("response", "kind"),
    [
        (httpx.Response(200, text="<html>Welcome</html>"), errors.UnexpectedAnswer),
        (httpx.Response(200, json={"success": True}), errors.UnexpectedAnswer),
        (httpx.Response(302, headers={"Location": "/login"}), errors.UnexpectedAnswer),
        (httpx.Response(418, text="teapot"), errors.UnexpectedAnswer),
        (httpx.Response(404, text="not here"), errors.NotFound),
    ],
    ids=["a page", "half an envelope", "a redirect", "a strange status", "a proxy's 404"],
)
def test_an_answer_of_somebody_else_is_an_error(
    response: httpx.Response, kind: type[errors.ChatError]
) -> None:
    assert type(data_of(response, Message)) is kind


@pytest.mark.parametrize(("code", "kind"), errors.BY_CODE.items())
def test_each_code_has_its_class(code: str, kind: type[errors.ApiError]) -> None:
    status = next(each for each, base in errors.BY_STATUS.items() if issubclass(kind, base))

    assert type(data_of(refused(status, code), Message)) is kind


def test_a_key_that_is_given_is_kept_and_others_are_never_the_same() -> None:
    given = calls.leave_conversation("room-1", idempotency_key="mine")

    assert attempt_of(given).headers["Idempotency-Key"] == "mine"
    assert attempt_of(LEAVE).headers != attempt_of(LEAVE).headers


@pytest.mark.parametrize(
    "call",
    [
        calls.get_message("m"),
        calls.edit_message("m", content="a"),
        calls.delete_message("m"),
        calls.archive_conversation("c"),
    ],
    ids=lambda call: f"{call.method} {call.path}",
)
def test_only_a_post_needs_a_key(call: Call[Any]) -> None:
    assert "Idempotency-Key" not in attempt_of(call).headers


def test_a_text_with_its_own_key_has_no_other() -> None:
    call = calls.send_text(conversation_id="c", content="a", client_message_id="mine")

    send = attempt_of(call)

    assert "Idempotency-Key" not in send.headers
    assert msgspec.json.decode(send.content or b"")["clientMessageId"] == "mine"


def test_every_text_of_a_batch_gets_a_key_of_its_own() -> None:
    texts = [
        TextRequest(conversation_id="c", content="a"),
        TextRequest(conversation_id="c", content="a"),
        TextRequest(conversation_id="c", content="a", client_message_id="mine"),
    ]

    send = attempt_of(calls.send_batch(messages=texts))

    keys = [
        each["clientMessageId"] for each in msgspec.json.decode(send.content or b"")["messages"]
    ]
    assert "Idempotency-Key" not in send.headers
    assert len(set(keys)) == 3
    assert keys[2] == "mine"


def test_a_batch_under_a_key_that_is_given_has_that_alone() -> None:
    texts = [TextRequest(conversation_id="c", content="a")]

    send = attempt_of(calls.send_batch(messages=texts, idempotency_key="K"))

    assert send.headers["Idempotency-Key"] == "K"
    assert "clientMessageId" not in msgspec.json.decode(send.content or b"")["messages"][0]


def test_keys_are_in_the_order_of_their_making() -> None:
    keys = [new_key() for _ in range(100)]

    assert len(set(keys)) == 100
    assert [key[:13] for key in keys] == sorted(key[:13] for key in keys)
    assert {UUID(key).version for key in keys} == {7}


def test_only_what_is_given_is_sent() -> None:
    text = attempt_of(calls.send_text(conversation_id="c", content="a"))
    mute = attempt_of(calls.mute_conversation("c", muted_until=None))
    history = attempt_of(calls.get_history("c", page_size=3))

    assert msgspec.json.decode(text.content or b"") == {"conversationId": "c", "content": "a"}
    assert mute.content == b'{"mutedUntil":null}'
    assert (history.query, history.content) == ({"pageSize": "3"}, None)


def test_a_time_is_sent_in_utc_with_milliseconds() -> None:
    moment = datetime(2025, 11, 7, 17, 0, 0, 123_456, tzinfo=UTC)

    send = attempt_of(calls.get_history("c", before_timestamp=moment))

    assert send.query == {"beforeTimestamp": "2025-11-07T17:00:00.123Z"}


UNKNOWN = refused(404, "message_not_found")


def test_an_outcome_is_asked_for_ever_more_rarely_until_it_is_there() -> None:
    flow = outcome_of("m", Retry(), within_seconds=60)
    answers: list[Received] = [UNKNOWN, *[message("Sending")] * 5, message("Sent")]

    sends, pauses, outcome = driven_flow(flow, answers)

    assert pauses == [0.05, 0.1, 0.2, 0.4, 0.8, 1.0]
    assert (len(sends), outcome.status) == (7, "Sent")


def test_after_its_time_an_outcome_is_what_is_known_then() -> None:
    times = [0.0, 2.9, 3.0]  # also what the attempts took counts
    late = outcome_of("m", Retry(), within_seconds=3, clock=iter(times).__next__)
    never = outcome_of("m", Retry(), within_seconds=3, clock=iter(times).__next__)

    _, pauses, outcome = driven_flow(late, [message("Sending")] * 2)
    _, _, error = driven_flow(never, [UNKNOWN] * 2)

    assert (pauses, outcome.status) == ([0.05], "Sending")
    assert type(error) is errors.MessageNotFound
