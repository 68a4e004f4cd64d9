"""Reads of messages hold signed links: no shared cache keeps them."""

import pytest

from chat_project.identifiers import new_id
from conversations.values import ConversationSettings
from tests.conftest import Api
from tests.messaging.conftest import HISTORY, MESSAGES, store_message


@pytest.mark.parametrize(
    "path", ["", "/pinned", "/type/Text", "/mentions/user-2", "/search?searchTerm=mai"]
)
def test_a_list_is_its_readers_own(mai: Api, group: ConversationSettings, path: str) -> None:
    store_message(group, 1)

    response = mai.client.get(
        f"{HISTORY}{group.id}{path}", headers={"Authorization": f"Bearer {mai.token}"}
    )

    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "private, no-cache"
    assert response.headers["Vary"] == "Authorization"


@pytest.mark.parametrize("stored", [True, False])
def test_so_is_a_message_and_what_is_said_of_one_that_is_not_there(
    mai: Api, group: ConversationSettings, *, stored: bool
) -> None:
    message_id = store_message(group, 1) if stored else new_id()

    response = mai.get(MESSAGES + message_id)

    assert response.status_code == (200 if stored else 404)
    assert response.headers["Cache-Control"] == "private, no-cache"
    assert response.headers["Vary"] == "Authorization"
