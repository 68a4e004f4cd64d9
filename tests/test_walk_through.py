"""The walk-through of the README, step by step, with the processes that operators start."""

import json
import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from chat_project.mongodb import collection
from chat_project.settings.environment import BASE_DIR
from tests.consumers.pipelines import Pipeline, free_port
from tests.processes import manage, running
from tests.waiting import wait_until


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    return Pipeline()


@pytest.fixture(scope="module")
def api_url(pipeline: Pipeline) -> Iterator[str]:
    """The API under gunicorn, ready."""
    url = f"http://127.0.0.1:{free_port()}"
    server = [*manage()[:1], "-m", "gunicorn", "-c", "chat_project/gunicorn.conf.py"]
    bound = ["--bind", url.removeprefix("http://"), "chat_project.wsgi"]
    with running([*server, *bound], pipeline.variables):
        wait_until(lambda: is_ready(url), "the API is ready", seconds=60)
        yield url


def is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/ready", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def output_of(*command: str) -> str:
    """Standard output of a command; the logs are on standard error."""
    done = subprocess.run(manage(*command), cwd=BASE_DIR, check=True, capture_output=True)
    return done.stdout.decode()


def test_a_message_goes_from_http_through_kafka_into_mongodb(
    pipeline: Pipeline, api_url: str
) -> None:
    school = json.loads(output_of("seed_demo", "--json"))["tenants"][0]
    room = next(each for each in school["conversations"] if each["type"] == "StudentGroup")
    teacher = next(each for each in room["participants"] if each["role"] == "Admin")
    token = output_of(
        "issue_token", "--user", teacher["userId"], "--tenant", school["tenantId"]
    ).strip()
    assert re.fullmatch(r"\S+", token)
    with httpx.Client(
        base_url=f"{api_url}/api/v1", headers={"Authorization": f"Bearer {token}"}
    ) as client:
        # 1. send: the answer comes before the message is stored
        answer = client.post(
            "/messages/text",
            json={
                "conversationId": room["conversationId"],
                "senderId": teacher["userId"],
                "senderName": teacher["userName"],
                "content": "Chào cả nhà",
                "mentions": [],
            },
        )
        assert answer.status_code == 200, answer.text
        body = answer.json()
        message_id = body["data"]["messageId"]
        assert (body["success"], body["data"]["status"]) == (True, "Sending")
        assert client.get(f"/messages/{message_id}").json()["data"]["status"] == "Sending"

        # 2. read the topic
        [record] = pipeline.records(pipeline.environment.message_topic)
        event, headers = json.loads(record.value or b""), dict(record.headers)
        assert event["messageId"] == message_id
        assert (event["content"], event["tenantId"]) == ("Chào cả nhà", school["tenantId"])
        assert headers["event-type"] == b"MessageSentEvent"
        assert record.key == headers["ordering-key"] == room["conversationId"].encode()

        # 3. consume
        with pipeline.consumer() as consumer:
            line = rf"\[INFO\] Successfully processed message {message_id} in \d+ms"
            wait_until(lambda: re.search(line, consumer.output()), "the log line on the console")
            assert consumer.stop() == 0
        assert re.search(line, log_file().read_text())

        # 4. the document and the conversation's last message
        stored = collection("messages").find_one({"_id": message_id}) or {}
        assert (stored["status"], stored["content"]) == ("Sent", "Chào cả nhà")
        conversation = collection("conversations").find_one({"_id": room["conversationId"]}) or {}
        assert conversation["lastMessage"]["messageId"] == message_id
        assert conversation["lastSeq"] == stored["seq"]

        # 5. the same over HTTP
        dto = client.get(f"/messages/{message_id}").json()["data"]
        assert (dto["status"], dto["seq"]) == ("Sent", stored["seq"])
        history = client.get(f"/messages/conversation/{room['conversationId']}").json()["data"]
        assert history["messages"][0]["messageId"] == message_id


def log_file() -> Path:
    return BASE_DIR / "logs" / f"chat-service-{datetime.now(UTC):%Y%m%d}.log"
