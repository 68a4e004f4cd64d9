"""One real message over HTTP, from the request to the stored document."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import httpx

from emis_chat_client import NO_RETRY, ChatError, Client
from emis_chat_client.models import Message
from scripts.children import Child
from scripts.prepare import Demo

READY_SECONDS = 60.0
STORED_SECONDS = 30.0
CONTENT = "Xin chào từ scripts/run!"


class FirstMessageFailed(Exception):
    """The product runs and does not do its work; the text has its answer."""


@dataclass(frozen=True)
class Times:
    """Both from the start of the request."""

    message_id: str
    accepted_ms: float
    stored_ms: float


def wait_until_ready(port: int, children: Sequence[Child]) -> None:
    """Returns when /health/ready answers 200. Raises ChildDied, FirstMessageFailed."""
    deadline = time.monotonic() + READY_SECONDS
    answer = "no connection"
    while time.monotonic() < deadline:
        for child in children:
            child.check_alive()
        try:
            response = httpx.get(f"http://127.0.0.1:{port}/health/ready", timeout=5)
        except httpx.TransportError:
            time.sleep(0.1)
            continue
        if response.is_success:
            return
        answer = response.text
        time.sleep(0.1)
    raise FirstMessageFailed(f"the API is not ready after {READY_SECONDS:.0f} s: {answer}")


def send_and_wait(port: int, demo: Demo, children: Sequence[Child]) -> Times:
    """Sends a text as the demo user and polls until its status is `Sent`."""
    try:
        with Client(f"http://127.0.0.1:{port}", demo.token, retry=NO_RETRY) as chat:
            return _send_and_wait(chat, demo, children)
    except ChatError as error:
        raise FirstMessageFailed(f"the API answered: {error}") from error


def _send_and_wait(chat: Client, demo: Demo, children: Sequence[Child]) -> Times:
    """Looks more often than `Client.wait_for_outcome`: what it finds is shown as a time."""
    began = time.monotonic()
    message = chat.send_text(conversation_id=demo.conversation_id, content=CONTENT)
    accepted_ms = (time.monotonic() - began) * 1000
    while not _is_stored(message):
        for child in children:
            child.check_alive()
        if time.monotonic() - began > STORED_SECONDS:
            raise FirstMessageFailed(
                f"message {message.message_id} is not stored after {STORED_SECONDS:.0f} s: look at"
                " the consumer's lines above"
            )
        time.sleep(0.005)  # the outcome is asked for over REST, as a client without the hub does
        message = chat.get_message(message.message_id)
    return Times(message.message_id, accepted_ms, (time.monotonic() - began) * 1000)


def _is_stored(message: Message) -> bool:
    if message.status == "Failed":
        raise FirstMessageFailed(f"message {message.message_id} failed: {message.failure_reason}")
    return message.status == "Sent"


def text_request(demo: Demo) -> dict[str, str]:
    return {
        "conversationId": demo.conversation_id,
        "senderId": demo.user_id,
        "senderName": demo.user_name,
        "content": CONTENT,
    }
