"""One real message over HTTP, from the request to the stored document."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx

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
    headers = {"Authorization": f"Bearer {demo.token}"}
    with httpx.Client(base_url=f"http://127.0.0.1:{port}/api/v1/messages", headers=headers) as api:
        began = time.monotonic()
        accepted = _data(api.post("text", json=text_request(demo)))
        accepted_ms = (time.monotonic() - began) * 1000
        message_id = accepted["messageId"]
        while _data(api.get(message_id))["status"] != "Sent":
            for child in children:
                child.check_alive()
            if time.monotonic() - began > STORED_SECONDS:
                raise FirstMessageFailed(
                    f"message {message_id} is not stored after {STORED_SECONDS:.0f} s: look at the"
                    " consumer's lines above"
                )
            time.sleep(0.005)
    return Times(message_id, accepted_ms, (time.monotonic() - began) * 1000)


def text_request(demo: Demo) -> dict[str, str]:
    return {
        "conversationId": demo.conversation_id,
        "senderId": demo.user_id,
        "senderName": demo.user_name,
        "content": CONTENT,
    }


def _data(response: httpx.Response) -> dict[str, Any]:
    if not response.is_success:
        raise FirstMessageFailed(
            f"{response.request.url} answered {response.status_code}: {response.text}"
        )
    data: dict[str, Any] = response.json()["data"]
    if data["status"] == "Failed":
        raise FirstMessageFailed(f"message {data['messageId']} failed: {data['failureReason']}")
    return data
