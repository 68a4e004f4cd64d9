"""Every call of the service, as functions that build it.

Made by scripts/make_client from the OpenAPI document: changes here are lost.
"""

from collections.abc import Sequence
from datetime import datetime
from types import NoneType

from emis_chat_client import models
from emis_chat_client.call import Call, filled, given


def get_conversation(conversation_id: str) -> Call[models.Conversation]:
    """One conversation.

    For its participants. 403: `not_a_participant`, `user_mismatch`, `tenant_mismatch`. 404:
    `conversation_not_found`. 503: `database_unavailable`.
    """
    return Call(
        "GET",
        filled("/api/v1/conversations/{conversation_id}", conversation_id=conversation_id),
        models.Conversation,
    )


def rename_conversation(conversation_id: str, *, name: str) -> Call[models.Conversation]:
    """Rename it.

    For its Admins, others get `admin_required`; in a OneToOne for either of the two. 403:
    `not_a_participant`, `user_mismatch`, `tenant_mismatch`. 404: `conversation_not_found`. 503:
    `database_unavailable`. 400: `malformed_json`, `lone_surrogate`, `invalid_field`.
    `invalid_id`, `name_empty`, `name_not_text`, `name_too_long`. 409: `rename_not_allowed`
    (only TeacherGroup and AnnouncementChannel are renamed).
    """
    return Call(
        "PUT",
        filled("/api/v1/conversations/{conversation_id}", conversation_id=conversation_id),
        models.Conversation,
        body={"name": name},
    )


def archive_conversation(conversation_id: str) -> Call[models.Conversation]:
    """Archive it for all.

    Nobody can write any more; reading goes on. Again: no error. For its Admins, others get
    `admin_required`; in a OneToOne for either of the two. 403: `not_a_participant`,
    `user_mismatch`, `tenant_mismatch`. 404: `conversation_not_found`. 503:
    `database_unavailable`.
    """
    return Call(
        "PUT",
        filled("/api/v1/conversations/{conversation_id}/archive", conversation_id=conversation_id),
        models.Conversation,
    )


def hide_conversation(conversation_id: str) -> Call[models.Conversation]:
    """Put it into one's own archive.

    It stays out of one's lists, but for `includeArchived=true`, until it is taken back. 403:
    `not_a_participant`, `user_mismatch`, `tenant_mismatch`. 404: `conversation_not_found`. 503:
    `database_unavailable`.
    """
    return Call(
        "PUT",
        filled("/api/v1/conversations/{conversation_id}/hide", conversation_id=conversation_id),
        models.Conversation,
    )


def leave_conversation(conversation_id: str, *, idempotency_key: str | None = None) -> Call[None]:
    """Leave it.

    The data is null. 403: `not_a_participant`, `user_mismatch`, `tenant_mismatch`. 404:
    `conversation_not_found`. 503: `database_unavailable`. 400: `invalid_idempotency_key`. 409:
    `last_admin` (appoint another first: POST {id}/participants with role Admin),
    `participants_fixed`.
    """
    return Call(
        "POST",
        filled("/api/v1/conversations/{conversation_id}/leave", conversation_id=conversation_id),
        NoneType,
        idempotency_key=idempotency_key,
    )


def mute_conversation(
    conversation_id: str, *, muted_until: datetime | None
) -> Call[models.Conversation]:
    """Mute it for oneself.

    No push until then. 400: `malformed_json`, `lone_surrogate`, `invalid_field`. 403:
    `not_a_participant`, `user_mismatch`, `tenant_mismatch`. 404: `conversation_not_found`. 503:
    `database_unavailable`.
    """
    return Call(
        "PUT",
        filled("/api/v1/conversations/{conversation_id}/mute", conversation_id=conversation_id),
        models.Conversation,
        body={"mutedUntil": muted_until},
    )


def get_participants(
    conversation_id: str, *, page_number: int | None = None, page_size: int | None = None
) -> Call[models.ParticipantPage]:
    """All participants, in the order of their ids.

    For participants. 400: `invalid_field`. 403: `not_a_participant`, `user_mismatch`,
    `tenant_mismatch`. 404: `conversation_not_found`. 503: `database_unavailable`.
    """
    return Call(
        "GET",
        filled(
            "/api/v1/conversations/{conversation_id}/participants", conversation_id=conversation_id
        ),
        models.ParticipantPage,
        query=given(pageNumber=page_number, pageSize=page_size),
    )


def add_participants(
    conversation_id: str,
    *,
    participants: Sequence[models.PersonRequest] | None = None,
    user_id: str | None = None,
    user_name: str | None = None,
    role: models.Role | None = None,
    idempotency_key: str | None = None,
) -> Call[models.Conversation]:
    """Add people.

    Who is in it keeps their role, unless `role` is Admin: that makes them Admins, too, and so
    appoints another one before the last leaves. Again: no error. Newcomers have read everything
    so far. A list of more than 500 is added in parts. The body may have 4,000,000 bytes. For
    its Admins, others get `admin_required`; in a OneToOne for either of the two. 403:
    `not_a_participant`, `user_mismatch`, `tenant_mismatch`. 404: `conversation_not_found`. 503:
    `database_unavailable`. 400: `malformed_json`, `lone_surrogate`, `invalid_field`.
    `invalid_id`, `name_empty`, `name_not_text`, `name_too_long`. `participants_required`,
    `invalid_idempotency_key`. 409: `participants_fixed`.
    """
    return Call(
        "POST",
        filled(
            "/api/v1/conversations/{conversation_id}/participants", conversation_id=conversation_id
        ),
        models.Conversation,
        body=given(participants=participants, userId=user_id, userName=user_name, role=role),
        idempotency_key=idempotency_key,
    )


def remove_participant(conversation_id: str, user_id: str) -> Call[models.Conversation]:
    """Remove somebody.

    For its Admins, others get `admin_required`; in a OneToOne for either of the two. 403:
    `not_a_participant`, `user_mismatch`, `tenant_mismatch`. 404: `conversation_not_found`. 503:
    `database_unavailable`. Also 404: `participant_not_found`. 409: `last_admin`,
    `participants_fixed`.
    """
    return Call(
        "DELETE",
        filled(
            "/api/v1/conversations/{conversation_id}/participants/{user_id}",
            conversation_id=conversation_id,
            user_id=user_id,
        ),
        models.Conversation,
    )


def unarchive_conversation(conversation_id: str) -> Call[models.Conversation]:
    """Open it again.

    Again: no error. For its Admins, others get `admin_required`; in a OneToOne for either of
    the two. 403: `not_a_participant`, `user_mismatch`, `tenant_mismatch`. 404:
    `conversation_not_found`. 503: `database_unavailable`.
    """
    return Call(
        "PUT",
        filled(
            "/api/v1/conversations/{conversation_id}/unarchive", conversation_id=conversation_id
        ),
        models.Conversation,
    )


def unhide_conversation(conversation_id: str) -> Call[models.Conversation]:
    """Take it out of one's own archive.

    403: `not_a_participant`, `user_mismatch`, `tenant_mismatch`. 404: `conversation_not_found`.
    503: `database_unavailable`.
    """
    return Call(
        "PUT",
        filled("/api/v1/conversations/{conversation_id}/unhide", conversation_id=conversation_id),
        models.Conversation,
    )


def found_announcement_channel(
    *,
    name: str,
    user_name: str | None = None,
    staff: Sequence[models.PersonRequest] | None = None,
    parents: Sequence[models.PersonRequest] | None = None,
    idempotency_key: str | None = None,
) -> Call[models.Conversation]:
    """Found a channel for announcements.

    The founder is its Admin, staff are Members, parents only read. A body holds 25,000 people
    and more; further ones are added by POST {id}/participants. The body may have 4,000,000
    bytes. 400: `malformed_json`, `lone_surrogate`, `invalid_field`. `invalid_id`, `name_empty`,
    `name_not_text`, `name_too_long`. `invalid_idempotency_key`. 403: `user_mismatch`,
    `tenant_mismatch`, `not_a_participant` (it was there before, without the caller). 409:
    `conversation_exists`. 413: `payload_too_large`, `too_many_participants`. 503:
    `database_unavailable`: nothing was founded, or all of it; ask again with the same key. Its
    founder who is not in it sees no `lastMessage`, and of the participants those who have been
    in it since the founding.
    """
    return Call(
        "POST",
        "/api/v1/conversations/announcement-channel",
        models.Conversation,
        body={"name": name, **given(userName=user_name, staff=staff, parents=parents)},
        idempotency_key=idempotency_key,
    )


def found_class_group(
    *,
    class_id: str,
    class_name: str,
    teachers: Sequence[models.PersonRequest],
    user_name: str | None = None,
    members: Sequence[models.PersonRequest] | None = None,
    idempotency_key: str | None = None,
) -> Call[models.Conversation]:
    """Found a group of a class.

    `teacher_required`. The body may have 4,000,000 bytes. 400: `malformed_json`,
    `lone_surrogate`, `invalid_field`. `invalid_id`, `name_empty`, `name_not_text`,
    `name_too_long`. `invalid_idempotency_key`. 403: `user_mismatch`, `tenant_mismatch`,
    `not_a_participant` (it was there before, without the caller). 409: `conversation_exists`.
    413: `payload_too_large`, `too_many_participants`. 503: `database_unavailable`: nothing was
    founded, or all of it; ask again with the same key. Its founder who is not in it sees no
    `lastMessage`, and of the participants those who have been in it since the founding.
    """
    return Call(
        "POST",
        "/api/v1/conversations/class-group",
        models.Conversation,
        body={
            "classId": class_id,
            "className": class_name,
            "teachers": teachers,
            **given(userName=user_name, members=members),
        },
        idempotency_key=idempotency_key,
    )


def get_conversations_of_class(
    class_id: str,
    *,
    include_archived: bool | None = None,
    page_number: int | None = None,
    page_size: int | None = None,
    type_: models.ConversationType | None = None,
) -> Call[models.ConversationPage]:
    """The user's own conversations about a class.

    Its class groups, and the groups of its students that name it. Empty for who is in none. The
    last active first. 400: `invalid_field`. 403: `user_mismatch`, `tenant_mismatch`. 503:
    `database_unavailable`.
    """
    return Call(
        "GET",
        filled("/api/v1/conversations/class/{class_id}", class_id=class_id),
        models.ConversationPage,
        query=given(
            includeArchived=include_archived, pageNumber=page_number, pageSize=page_size, type=type_
        ),
    )


def found_one_to_one(
    *,
    other_user_id: str,
    other_user_name: str,
    user_name: str | None = None,
    idempotency_key: str | None = None,
) -> Call[models.Conversation]:
    """Talk to somebody alone.

    One per pair: who asks again, or the other one, gets the same. `two_users_required`. The
    body may have 4,000,000 bytes. 400: `malformed_json`, `lone_surrogate`, `invalid_field`.
    `invalid_id`, `name_empty`, `name_not_text`, `name_too_long`. `invalid_idempotency_key`.
    403: `user_mismatch`, `tenant_mismatch`, `not_a_participant` (it was there before, without
    the caller). 409: `conversation_exists`. 413: `payload_too_large`, `too_many_participants`.
    503: `database_unavailable`: nothing was founded, or all of it; ask again with the same key.
    Its founder who is not in it sees no `lastMessage`, and of the participants those who have
    been in it since the founding.
    """
    return Call(
        "POST",
        "/api/v1/conversations/one-to-one",
        models.Conversation,
        body={
            "otherUserId": other_user_id,
            "otherUserName": other_user_name,
            **given(userName=user_name),
        },
        idempotency_key=idempotency_key,
    )


def search_conversations(
    *,
    search_term: str,
    include_archived: bool | None = None,
    page_number: int | None = None,
    page_size: int | None = None,
    type_: models.ConversationType | None = None,
) -> Call[models.ConversationPage]:
    """Search the user's own conversations by name.

    Every word must be in the name, in any order; case and diacritics do not count. The last
    active first. 400: `invalid_field`. 403: `user_mismatch`, `tenant_mismatch`. 503:
    `database_unavailable`.
    """
    return Call(
        "GET",
        "/api/v1/conversations/search",
        models.ConversationPage,
        query={
            "searchTerm": search_term,
            **given(
                includeArchived=include_archived,
                pageNumber=page_number,
                pageSize=page_size,
                type=type_,
            ),
        },
    )


def found_student_group(
    *,
    student_id: str,
    student_name: str,
    parents: Sequence[models.PersonRequest],
    user_name: str | None = None,
    class_id: str | None = None,
    teachers: Sequence[models.PersonRequest] | None = None,
    idempotency_key: str | None = None,
) -> Call[models.Conversation]:
    """Found the group about a student.

    One per student: founding it again gives the one that is there, as it is. `parent_required`.
    The body may have 4,000,000 bytes. 400: `malformed_json`, `lone_surrogate`, `invalid_field`.
    `invalid_id`, `name_empty`, `name_not_text`, `name_too_long`. `invalid_idempotency_key`.
    403: `user_mismatch`, `tenant_mismatch`, `not_a_participant` (it was there before, without
    the caller). 409: `conversation_exists`. 413: `payload_too_large`, `too_many_participants`.
    503: `database_unavailable`: nothing was founded, or all of it; ask again with the same key.
    Its founder who is not in it sees no `lastMessage`, and of the participants those who have
    been in it since the founding.
    """
    return Call(
        "POST",
        "/api/v1/conversations/student-group",
        models.Conversation,
        body={
            "studentId": student_id,
            "studentName": student_name,
            "parents": parents,
            **given(userName=user_name, classId=class_id, teachers=teachers),
        },
        idempotency_key=idempotency_key,
    )


def get_conversations_of_student(
    student_id: str,
    *,
    include_archived: bool | None = None,
    page_number: int | None = None,
    page_size: int | None = None,
    type_: models.ConversationType | None = None,
) -> Call[models.ConversationPage]:
    """The user's own conversations about a student.

    Empty for who is in none. The last active first. 400: `invalid_field`. 403: `user_mismatch`,
    `tenant_mismatch`. 503: `database_unavailable`.
    """
    return Call(
        "GET",
        filled("/api/v1/conversations/student/{student_id}", student_id=student_id),
        models.ConversationPage,
        query=given(
            includeArchived=include_archived, pageNumber=page_number, pageSize=page_size, type=type_
        ),
    )


def found_teacher_group(
    *,
    name: str,
    user_name: str | None = None,
    teachers: Sequence[models.PersonRequest] | None = None,
    idempotency_key: str | None = None,
) -> Call[models.Conversation]:
    """Found a group of teachers.

    The founder is its Admin, the others are Members. The body may have 4,000,000 bytes. 400:
    `malformed_json`, `lone_surrogate`, `invalid_field`. `invalid_id`, `name_empty`,
    `name_not_text`, `name_too_long`. `invalid_idempotency_key`. 403: `user_mismatch`,
    `tenant_mismatch`, `not_a_participant` (it was there before, without the caller). 409:
    `conversation_exists`. 413: `payload_too_large`, `too_many_participants`. 503:
    `database_unavailable`: nothing was founded, or all of it; ask again with the same key. Its
    founder who is not in it sees no `lastMessage`, and of the participants those who have been
    in it since the founding.
    """
    return Call(
        "POST",
        "/api/v1/conversations/teacher-group",
        models.Conversation,
        body={"name": name, **given(userName=user_name, teachers=teachers)},
        idempotency_key=idempotency_key,
    )


def get_conversations_of_user(
    user_id: str,
    *,
    include_archived: bool | None = None,
    page_number: int | None = None,
    page_size: int | None = None,
    type_: models.ConversationType | None = None,
) -> Call[models.ConversationPage]:
    """The user's own conversations.

    For this user only. The last active first. 400: `invalid_field`. 403: `user_mismatch`,
    `tenant_mismatch`. 503: `database_unavailable`.
    """
    return Call(
        "GET",
        filled("/api/v1/conversations/user/{user_id}", user_id=user_id),
        models.ConversationPage,
        query=given(
            includeArchived=include_archived, pageNumber=page_number, pageSize=page_size, type=type_
        ),
    )


def get_message(message_id: str) -> Call[models.Message]:
    """What became of a message.

    `Sent` with seq once it is stored, to the conversation's participants; to its sender
    `Sending` before, and `Failed` with failureReason if it could not be stored. 404:
    `message_not_found`. 403: `not_a_participant`, `user_mismatch`, `tenant_mismatch`. 503:
    `database_unavailable`.
    """
    return Call(
        "GET", filled("/api/v1/messages/{message_id}", message_id=message_id), models.Message
    )


def edit_message(message_id: str, *, content: str) -> Call[models.Message]:
    """Edit a message.

    The answer shows the message as it will be; GET tells when it is applied. Its sender may,
    for some time (EDIT_WINDOW_MINUTES). 400: `content_empty`, `content_too_long`,
    `content_has_nul`. 403: `not_the_sender`, `read_only`. 409: `edit_window_over`,
    `message_deleted`, `system_message`. 403: `not_a_participant`. 404: `message_not_found`,
    `conversation_not_found`. 409: `message_failed`, `conversation_archived`. 413:
    `message_too_large`. 503: `change_outcome_unknown` (it may be applied later: send it again),
    and not sent: `kafka_unavailable`, `queue_full`, `database_unavailable`, `accepting_paused`,
    `partitions_differ`, `kafka_not_authorized`, `kafka_rejected`. Nor is it sent with 503
    `message_outcome_unknown`: Kafka has not acknowledged the message itself.
    """
    return Call(
        "PUT",
        filled("/api/v1/messages/{message_id}", message_id=message_id),
        models.Message,
        body={"content": content},
    )


def delete_message(message_id: str) -> Call[models.Message]:
    """Delete a message.

    The answer shows the message as it will be; GET tells when it is applied. Its sender may,
    and an Admin anyone's, System messages too, also in an archived conversation. 403:
    `not_the_sender`. 403: `not_a_participant`. 404: `message_not_found`,
    `conversation_not_found`. 409: `message_failed`. 413: `message_too_large`. 503:
    `change_outcome_unknown` (it may be applied later: send it again), and not sent:
    `kafka_unavailable`, `queue_full`, `database_unavailable`, `accepting_paused`,
    `partitions_differ`, `kafka_not_authorized`, `kafka_rejected`. Nor is it sent with 503
    `message_outcome_unknown`: Kafka has not acknowledged the message itself.
    """
    return Call(
        "DELETE", filled("/api/v1/messages/{message_id}", message_id=message_id), models.Message
    )


def pin_message(message_id: str, *, idempotency_key: str | None = None) -> Call[models.Message]:
    """Pin a message.

    The answer shows the message as it will be; GET tells when it is applied. 400:
    `invalid_idempotency_key`. 403: `read_only`. 409: `message_deleted`. 403:
    `not_a_participant`. 404: `message_not_found`, `conversation_not_found`. 409:
    `message_failed`, `conversation_archived`. 413: `message_too_large`. 503:
    `change_outcome_unknown` (it may be applied later: send it again), and not sent:
    `kafka_unavailable`, `queue_full`, `database_unavailable`, `accepting_paused`,
    `partitions_differ`, `kafka_not_authorized`, `kafka_rejected`. Nor is it sent with 503
    `message_outcome_unknown`: Kafka has not acknowledged the message itself.
    """
    return Call(
        "POST",
        filled("/api/v1/messages/{message_id}/pin", message_id=message_id),
        models.Message,
        idempotency_key=idempotency_key,
    )


def add_reaction(
    message_id: str, *, emoji_code: str, idempotency_key: str | None = None
) -> Call[models.Message]:
    """React to a message.

    The answer shows the message as it will be; GET tells when it is applied. One per user and
    emoji; up to 1,000 of a message, and 20 of one user there. 400: `invalid_field`,
    `invalid_idempotency_key`. 409: `message_deleted`, `too_many_reactions`. 403:
    `not_a_participant`. 404: `message_not_found`, `conversation_not_found`. 409:
    `message_failed`, `conversation_archived`. 413: `message_too_large`. 503:
    `change_outcome_unknown` (it may be applied later: send it again), and not sent:
    `kafka_unavailable`, `queue_full`, `database_unavailable`, `accepting_paused`,
    `partitions_differ`, `kafka_not_authorized`, `kafka_rejected`. Nor is it sent with 503
    `message_outcome_unknown`: Kafka has not acknowledged the message itself.
    """
    return Call(
        "POST",
        filled("/api/v1/messages/{message_id}/reactions", message_id=message_id),
        models.Message,
        body={"emojiCode": emoji_code},
        idempotency_key=idempotency_key,
    )


def remove_reaction(message_id: str, *, emoji: str) -> Call[models.Message]:
    """Take a reaction back.

    The answer shows the message as it will be; GET tells when it is applied. 400:
    `invalid_field`. 409: `message_deleted`. 403: `not_a_participant`. 404: `message_not_found`,
    `conversation_not_found`. 409: `message_failed`, `conversation_archived`. 413:
    `message_too_large`. 503: `change_outcome_unknown` (it may be applied later: send it again),
    and not sent: `kafka_unavailable`, `queue_full`, `database_unavailable`, `accepting_paused`,
    `partitions_differ`, `kafka_not_authorized`, `kafka_rejected`. Nor is it sent with 503
    `message_outcome_unknown`: Kafka has not acknowledged the message itself.
    """
    return Call(
        "DELETE",
        filled("/api/v1/messages/{message_id}/reactions", message_id=message_id),
        models.Message,
        query={"emoji": emoji},
    )


def unpin_message(message_id: str, *, idempotency_key: str | None = None) -> Call[models.Message]:
    """Take a pin off.

    The answer shows the message as it will be; GET tells when it is applied. 400:
    `invalid_idempotency_key`. 403: `read_only`. 409: `message_deleted`. 403:
    `not_a_participant`. 404: `message_not_found`, `conversation_not_found`. 409:
    `message_failed`, `conversation_archived`. 413: `message_too_large`. 503:
    `change_outcome_unknown` (it may be applied later: send it again), and not sent:
    `kafka_unavailable`, `queue_full`, `database_unavailable`, `accepting_paused`,
    `partitions_differ`, `kafka_not_authorized`, `kafka_rejected`. Nor is it sent with 503
    `message_outcome_unknown`: Kafka has not acknowledged the message itself.
    """
    return Call(
        "POST",
        filled("/api/v1/messages/{message_id}/unpin", message_id=message_id),
        models.Message,
        idempotency_key=idempotency_key,
    )


def send_batch(
    *, messages: Sequence[models.TextRequest], idempotency_key: str | None = None
) -> Call[list[models.BatchOutcome]]:
    """Send up to 100 texts.

    One outcome per item, in order; their codes are those of `text`. By default a sender may
    send 5 messages a second after a burst of 100, and all of a school 1,000 after 10,000; more
    get 429 `rate_limited`. Retries of accepted messages have limits of their own, 10 times as
    high. Each item counts; those that fit go through in their order.

    For the whole: 400: `batch_size`, `invalid_idempotency_key`. 429 only if a limit refused
    every item, with the wait after which all of them fit. 503 only if no item was acknowledged
    and one did not get into Kafka, with the code of the first: `message_outcome_unknown`,
    `kafka_unavailable`, `queue_full`, `accepting_paused`, `partitions_differ`,
    `kafka_not_authorized`, `kafka_rejected`. `error.details.outcomes` then tells of each.
    """
    return Call(
        "POST",
        "/api/v1/messages/batch",
        list[models.BatchOutcome],
        body={"messages": messages},
        idempotency_key=idempotency_key,
    )


def get_history(
    conversation_id: str,
    *,
    after_seq: int | None = None,
    before_seq: int | None = None,
    before_timestamp: datetime | None = None,
    page_size: int | None = None,
) -> Call[models.History]:
    """The messages of a conversation, newest first.

    Messages of one time are never split over two pages. 400: `cursors_exclude_each_other`,
    `invalid_field`. 404: `conversation_not_found`. 403: `not_a_participant`, `user_mismatch`,
    `tenant_mismatch`. 503: `database_unavailable`.
    """
    return Call(
        "GET",
        filled("/api/v1/messages/conversation/{conversation_id}", conversation_id=conversation_id),
        models.History,
        query=given(
            afterSeq=after_seq,
            beforeSeq=before_seq,
            beforeTimestamp=before_timestamp,
            pageSize=page_size,
        ),
    )


def get_messages_mentioning(
    conversation_id: str,
    user_id: str,
    *,
    page_number: int | None = None,
    page_size: int | None = None,
) -> Call[models.MessagePage]:
    """The messages of a conversation that mention a user, newest first.

    Without deleted ones; any user's may be asked. 400: `invalid_field`. 404:
    `conversation_not_found`. 403: `not_a_participant`, `user_mismatch`, `tenant_mismatch`. 503:
    `database_unavailable`.
    """
    return Call(
        "GET",
        filled(
            "/api/v1/messages/conversation/{conversation_id}/mentions/{user_id}",
            conversation_id=conversation_id,
            user_id=user_id,
        ),
        models.MessagePage,
        query=given(pageNumber=page_number, pageSize=page_size),
    )


def get_pinned_messages(
    conversation_id: str, *, page_number: int | None = None, page_size: int | None = None
) -> Call[models.MessagePage]:
    """The pinned messages of a conversation, newest first.

    Without deleted ones. 400: `invalid_field`. 404: `conversation_not_found`. 403:
    `not_a_participant`, `user_mismatch`, `tenant_mismatch`. 503: `database_unavailable`.
    """
    return Call(
        "GET",
        filled(
            "/api/v1/messages/conversation/{conversation_id}/pinned",
            conversation_id=conversation_id,
        ),
        models.MessagePage,
        query=given(pageNumber=page_number, pageSize=page_size),
    )


def mark_read(
    conversation_id: str, *, up_to_seq: int | None = None, idempotency_key: str | None = None
) -> Call[models.ReadPosition]:
    """Move one's read position.

    Never back. 400: `invalid_field`, `invalid_idempotency_key`. 403: `not_a_participant`. 404:
    `conversation_not_found`. 503: `change_outcome_unknown` (it may be applied later: send it
    again), and not sent: `kafka_unavailable`, `queue_full`, `database_unavailable`,
    `accepting_paused`, `partitions_differ`, `kafka_not_authorized`, `kafka_rejected`.
    """
    return Call(
        "POST",
        filled(
            "/api/v1/messages/conversation/{conversation_id}/read", conversation_id=conversation_id
        ),
        models.ReadPosition,
        body=given(upToSeq=up_to_seq),
        idempotency_key=idempotency_key,
    )


def search_messages(
    conversation_id: str,
    *,
    search_term: str,
    from_date: datetime | None = None,
    message_type: models.MessageType | None = None,
    page_number: int | None = None,
    page_size: int | None = None,
    to_date: datetime | None = None,
) -> Call[models.MessagePage]:
    """The messages of a conversation that hold certain words, newest first.

    All words must be in the text or in the attachments' names, in any order; case and
    diacritics do not matter (`hoc` finds `Học`), and the last word may be a beginning, of two
    letters or more. A new message is found a moment after it is stored. Without deleted ones.
    400: `search_term_empty`, `search_term_too_long`, `invalid_field`. 404:
    `conversation_not_found`. 403: `not_a_participant`, `user_mismatch`, `tenant_mismatch`. 503:
    `database_unavailable`.
    """
    return Call(
        "GET",
        filled(
            "/api/v1/messages/conversation/{conversation_id}/search",
            conversation_id=conversation_id,
        ),
        models.MessagePage,
        query={
            "searchTerm": search_term,
            **given(
                fromDate=from_date,
                messageType=message_type,
                pageNumber=page_number,
                pageSize=page_size,
                toDate=to_date,
            ),
        },
    )


def get_messages_of_type(
    conversation_id: str,
    message_type: str,
    *,
    page_number: int | None = None,
    page_size: int | None = None,
) -> Call[models.MessagePage]:
    """The messages of one type in a conversation, newest first.

    Without deleted ones. 400: `invalid_field`, whose `details.allowed` names the types. 404:
    `conversation_not_found`. 403: `not_a_participant`, `user_mismatch`, `tenant_mismatch`. 503:
    `database_unavailable`.
    """
    return Call(
        "GET",
        filled(
            "/api/v1/messages/conversation/{conversation_id}/type/{message_type}",
            conversation_id=conversation_id,
            message_type=message_type,
        ),
        models.MessagePage,
        query=given(pageNumber=page_number, pageSize=page_size),
    )


def send_text(
    *,
    conversation_id: str,
    content: str,
    sender_name: str | None = None,
    mentions: Sequence[models.MentionRequest] | None = None,
    reply_to_message_id: str | None = None,
    client_message_id: str | None = None,
    idempotency_key: str | None = None,
) -> Call[models.Message]:
    """Send a text.

    Answers once Kafka has acknowledged; the status is `Sending` until it is stored. By default
    a sender may send 5 messages a second after a burst of 100, and all of a school 1,000 after
    10,000; more get 429 `rate_limited`. Retries of accepted messages have limits of their own,
    10 times as high.

    400: `malformed_json`, `lone_surrogate`, `invalid_field`, `content_empty`,
    `content_too_long`, `content_has_nul`, `too_many_mentions`, `mention_outside_text`,
    `name_too_long`, `name_has_nul`, `invalid_idempotency_key`, `idempotency_keys_differ`,
    `reply_to_other_conversation`. 403: `sender_mismatch`, `user_mismatch`, `tenant_mismatch`,
    `not_a_participant`, `read_only`. 404: `conversation_not_found`. 503:
    `message_outcome_unknown` (it may be stored later: retry with the same key); not sent:
    `kafka_unavailable`, `queue_full`, `database_unavailable`, `accepting_paused`,
    `partitions_differ`; not sent, and no retry helps: `kafka_not_authorized`, `kafka_rejected`.
    """
    return Call(
        "POST",
        "/api/v1/messages/text",
        models.Message,
        body={
            "conversationId": conversation_id,
            "content": content,
            **given(
                senderName=sender_name,
                mentions=mentions,
                replyToMessageId=reply_to_message_id,
                clientMessageId=client_message_id,
            ),
        },
        idempotency_key=idempotency_key,
    )
