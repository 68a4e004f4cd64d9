"""The whole API as its OpenAPI document describes it: whatever is sent, what is answered is in there.

Requests are made from the document, good ones and bad ones, on real servers; half of them name a
conversation, messages and people that are there. Each run makes the same ones.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from chat_project import urls
from chat_project.timestamps import now
from chat_project.wsgi import application
from conversations.values import ConversationSettings
from messaging import examples
from tests.api.test_openapi import endpoints
from tests.conftest import Api
from tests.conversations.api.conftest import say
from tests.endpoints import OPENED_BY_LINKS
from tests.messaging.conftest import colleague, group, mai

__all__ = ["colleague", "group", "mai"]

REQUESTS = 8
"""Of each kind for each endpoint."""

API = "/api/v1/"
OPERATIONS = sorted(set(endpoints(urls.urlpatterns)))
GOOD, BAD = GenerationMode.POSITIVE, GenerationMode.NEGATIVE
KINDS = [(name, kind) for name in OPERATIONS for kind in (GOOD, BAD) if kind is GOOD or API in name]
"""Health and metrics take nothing that could be wrong."""

PROMISES = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@pytest.fixture(autouse=True)
def probe() -> None:
    """Not mounted here: it is in no document."""


@pytest.fixture(scope="module")
def document(django_db_setup: None) -> Any:
    return schemathesis.openapi.from_wsgi("/swagger/v1/swagger.json", application)


class School:
    """What is there and who asks, by the document's names for it."""

    def __init__(self, mai: Api, colleague: Api, groups: list[ConversationSettings]) -> None:
        # werkzeug's client does not decompress.
        self._headers = {"Authorization": f"Bearer {mai.token}", "Accept-Encoding": "identity"}
        ids = [each.id for each in groups]
        numbers = range(1, examples.MESSAGE["seq"] + 1)
        messages = [say(groups[0].id, seq, sender=mai, at=now()) for seq in numbers]
        self._there = {
            **dict.fromkeys(("conversation_id", "conversationId"), ids),
            **dict.fromkeys(("message_id", "replyToMessageId"), messages),
            "user_id": [mai.user_id, colleague.user_id],
            "message_type": ["text", "System"],
        }
        own = ("userId", "requestedBy", "senderId", "editorUserId", "createdBy")
        self._own = {**dict.fromkeys(own, mai.user_id), "tenantId": mai.tenant_id}

    def name(self, case: Case, chosen: Mapping[str, int]) -> None:
        """Makes it a request of its sender that names what is there; `chosen`: which of two."""
        for part in (case.path_parameters, case.query, case.body):
            if isinstance(part, dict):
                self._name_in(part, chosen)

    def _name_in(self, part: dict[str, Any], chosen: Mapping[str, int]) -> None:
        for name, value in part.items():
            if name in self._own:
                part[name] = self._own[name]
            elif name in self._there:
                part[name] = self._there[name][chosen[name]]
            elif name == "messages" and isinstance(value, list):
                for item in value:
                    if isinstance(item, dict):
                        self._name_in(item, chosen)

    def send(self, case: Case) -> int:
        """Sends it and compares the answer with the document; gives its status."""
        answer = case.call(headers=self._headers)
        case.validate_response(answer, checks=PROMISES)
        if answer.status_code >= 400:
            described = raw(case.operation)["responses"][str(answer.status_code)]
            examples = described["content"]["application/json"]["examples"]
            assert answer.json()["error"]["code"] in examples, answer.text
        return int(answer.status_code)


def raw(operation: Any) -> dict[str, Any]:
    """The operation as it stands in the document."""
    described: dict[str, Any] = operation.definition.raw
    return described


def operation_of(document: Any, name: str) -> Any:
    method, _, path = name.partition(" ")
    return document[path][method]


@pytest.fixture
def school(
    mai: Api,
    colleague: Api,
    group: ConversationSettings,
    new_conversation: Callable[..., ConversationSettings],
) -> School:
    return School(mai, colleague, [group, new_conversation(colleague, mai)])


@pytest.mark.parametrize(("name", "kind"), KINDS, ids=str)
def test_every_answer_is_one_of_the_documented(
    document: Any, school: School, name: str, kind: GenerationMode
) -> None:
    cases = operation_of(document, name).as_strategy(generation_mode=kind)

    @given(cases, st.sampled_from([None, 0, 1]))
    @settings(
        max_examples=REQUESTS,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def request(case: Case, one: int | None) -> None:
        if one is not None:
            school.name(case, defaultdict(lambda: one))
        school.send(case)

    request()


QUERY = {"searchTerm": "to", "emoji": "👍"}
"""For the parameters that must be given."""

CHOSEN = {
    f"DELETE {API}conversations/{{conversation_id}}/participants/{{user_id}}": {"user_id": 1},
    f"POST {API}conversations/{{conversation_id}}/leave": {"conversation_id": 1},
}
"""Who is removed is the colleague; the only Admin of a group cannot leave it."""


WITHOUT_LINK = [name for name in OPERATIONS if OPENED_BY_LINKS not in name]
"""A link to a file is followed as it is: tests/messaging/test_attachments*.py."""


@pytest.mark.parametrize("name", WITHOUT_LINK)
def test_every_example_of_a_request_is_accepted(document: Any, school: School, name: str) -> None:
    operation = operation_of(document, name)
    statuses = []
    for case in examples_of(operation):
        school.name(case, defaultdict(int, CHOSEN.get(name, {})))
        statuses.append(school.send(case))

    assert statuses
    assert set(statuses) == {200}


def examples_of(operation: Any) -> Iterator[Case]:
    """One request for each example of a body, or one without a body."""
    parameters = raw(operation)["parameters"]
    required = [
        each["name"] for each in parameters if each.get("required") and each["in"] == "query"
    ]
    in_path = [each["name"] for each in parameters if each["in"] == "path"]
    given = {
        "path_parameters": dict.fromkeys(in_path, "there"),
        "query": {name: QUERY[name] for name in required},
    }
    content = raw(operation).get("requestBody", {}).get("content", {})
    for media_type, described in content.items():
        for example in described["examples"].values():
            yield operation.Case(**given, body=example["value"], media_type=media_type)
    if not content:
        yield operation.Case(**given)
