"""A school with something to hide: a student's group, and people who stand in every relation to it."""

from dataclasses import dataclass
from typing import Any

import pytest
from confluent_kafka import Consumer, KafkaException, TopicPartition

from chat_project.identifiers import new_id
from chat_project.mongodb import collection
from chat_project.settings.environment import environment
from chat_project.timestamps import now
from conversations import services
from conversations.values import ConversationSettings, Role
from tests.conftest import Api
from tests.messaging.conftest import SignIn, records_in, store_message
from tests.security.rows import Target
from tests.waiting import wait_until

SECRET_NAME = "Kỷ luật An 4711"
SECRET_TEXT = "Biên bản họp kín 4712"
SECRET_PERSON = "Phạm Thị Mai 4713"
SECRETS = (SECRET_NAME, SECRET_TEXT, SECRET_PERSON)


@dataclass(frozen=True)
class Room:
    """The group, one message of the teacher's in it, and everybody's view of it."""

    group: ConversationSettings
    target: Target
    teacher: Api
    """Its Admin, and the sender of its message."""
    reader: Api
    """ReadOnly."""
    former: Api
    """Was a Member and the sender of `own_message_id`, and was removed."""
    own_message_id: str
    stranger: Api
    """Of the school, and never in the group."""
    foreigner: Api
    """The teacher's user id under another school's token."""

    def everything(self) -> list[Any]:
        """All that MongoDB has of it, and how many records Kafka has."""
        within = {"conversationId": self.group.id}
        return [
            collection("conversations").find_one({"_id": self.group.id}),
            list(collection("participants").find(within).sort("userId", 1)),
            list(collection("messages").find(within).sort("seq", 1)),
            len(records_in(self.group.id)),
        ]


@pytest.fixture(scope="session")
def readable_topic(database: None) -> None:
    """Returns when each partition of the new topic has its leader."""
    wait_until(_is_readable, "a leader for each partition")


def _is_readable() -> bool:
    reader = Consumer({**environment().kafka_connection(), "group.id": "none"})
    topic, partitions = environment().message_topic, range(environment().kafka_partitions)
    try:
        for partition in partitions:
            reader.get_watermark_offsets(TopicPartition(topic, partition), timeout=10)
    except KafkaException:
        return False
    finally:
        reader.close()
    return True


@pytest.fixture
def room(api: SignIn, readable_topic: None) -> Room:
    teacher = api(name=SECRET_PERSON)
    school = teacher.tenant_id
    parent, reader, former, stranger = (api(tenant_id=school) for _ in range(4))
    student_id, class_id = new_id(), new_id()
    group = services.create_student_group(
        school,
        student_id,
        SECRET_NAME,
        parents=[parent.person],
        teachers=[teacher.person],
        created_by=teacher.user_id,
        class_id=class_id,
    ).settings
    services.add_participants(group.id, [reader.person], Role.READ_ONLY)
    services.add_participants(group.id, [former.person], Role.MEMBER)
    message = store_message(
        group, 1, sent_at=now(), senderId=teacher.user_id, content=SECRET_TEXT, isPinned=True
    )
    own_message = store_message(
        group, 2, sent_at=now(), senderId=former.user_id, content=SECRET_TEXT
    )
    services.remove_participant(group.id, former.user_id)
    return Room(
        group=group,
        target=Target(group.id, message, teacher.user_id, student_id, class_id),
        teacher=teacher,
        reader=reader,
        former=former,
        own_message_id=own_message,
        stranger=stranger,
        foreigner=api(user_id=teacher.user_id),
    )


def told_secrets(response: Any) -> list[str]:
    """What of the group stands anywhere in the answer, headers included."""
    text = response.content.decode() + str(dict(response.headers))
    return [secret for secret in SECRETS if secret in text]
