"""The doors of `/api/v1/conversations`: read the request, call one function, answer."""

from collections.abc import Callable
from typing import Any, cast

import msgspec
import pymongo
from django.http.response import HttpResponseBase
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet
from typing_extensions import override

from chat_project.api.bodies import LARGE_BODY_BYTES, read_json
from chat_project.api.etags import tagged
from chat_project.api.idempotency import header_key
from chat_project.api.ownership import check_parameters, check_stated
from chat_project.api.paging import page_request
from chat_project.api.query import parameters
from chat_project.api.routing import ANY_ID
from chat_project.api.tokens import TokenUser
from conversations import founding, listing, reading, repeating, schema, services
from conversations.requests import (
    AnnouncementChannelRequest,
    ClassGroupRequest,
    MuteRequest,
    OneToOneRequest,
    OwnBody,
    ParticipantsRequest,
    RenameRequest,
    StudentGroupRequest,
    TeacherGroupRequest,
    check_own,
    check_own_list,
    muted_until,
)

DATABASE_SECONDS = 2.0
"""For the reads of one request; each change has a bound of its own."""


class ConversationViewSet(ViewSet):
    lookup_url_kwarg = "conversation_id"
    lookup_value_regex = "[^/]+"

    @override
    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        check_parameters(_user(request), parameters(request))

    @schema.ONE_TO_ONE
    @action(detail=False, methods=["post"], url_path="one-to-one")
    def one_to_one(self, request: Request) -> Response:
        body = read_json(request, OneToOneRequest, LARGE_BODY_BYTES)
        founded = founding.found_one_to_one(_user(request), body, header_key(request))
        return _shown(request, reading.founded_conversation, founded)

    @schema.STUDENT_GROUP
    @action(detail=False, methods=["post"], url_path="student-group")
    def student_group(self, request: Request) -> Response:
        body = read_json(request, StudentGroupRequest, LARGE_BODY_BYTES)
        founded = founding.found_student_group(_user(request), body, header_key(request))
        return _shown(request, reading.founded_conversation, founded)

    @schema.CLASS_GROUP
    @action(detail=False, methods=["post"], url_path="class-group")
    def class_group(self, request: Request) -> Response:
        body = read_json(request, ClassGroupRequest, LARGE_BODY_BYTES)
        founded = founding.found_class_group(_user(request), body, header_key(request))
        return _shown(request, reading.founded_conversation, founded)

    @schema.TEACHER_GROUP
    @action(detail=False, methods=["post"], url_path="teacher-group")
    def teacher_group(self, request: Request) -> Response:
        body = read_json(request, TeacherGroupRequest, LARGE_BODY_BYTES)
        founded = founding.found_teacher_group(_user(request), body, header_key(request))
        return _shown(request, reading.founded_conversation, founded)

    @schema.ANNOUNCEMENT_CHANNEL
    @action(detail=False, methods=["post"], url_path="announcement-channel")
    def announcement_channel(self, request: Request) -> Response:
        body = read_json(request, AnnouncementChannelRequest, LARGE_BODY_BYTES)
        founded = founding.found_announcement_channel(_user(request), body, header_key(request))
        return _shown(request, reading.founded_conversation, founded)

    @schema.OF_USER
    @action(detail=False, url_path=f"user/(?P<user_id>{ANY_ID})")
    def user(self, request: Request, user_id: str) -> HttpResponseBase:
        check_own_list(_user(request), user_id)
        return _tagged(request, listing.own_conversations, listing.list_request(request))

    @schema.SEARCH
    @action(detail=False)
    def search(self, request: Request) -> HttpResponseBase:
        words, asked = listing.search_words(request), listing.list_request(request)
        return _tagged(request, listing.search, words, asked)

    @schema.OF_STUDENT
    @action(detail=False, url_path=f"student/(?P<student_id>{ANY_ID})")
    def student(self, request: Request, student_id: str) -> HttpResponseBase:
        return _tagged(request, listing.about_student, student_id, listing.list_request(request))

    @schema.OF_CLASS
    @action(detail=False, url_path=f"class/(?P<class_id>{ANY_ID})", url_name="class")
    def of_class(self, request: Request, class_id: str) -> HttpResponseBase:
        return _tagged(request, listing.about_class, class_id, listing.list_request(request))

    @schema.RETRIEVE
    def retrieve(self, request: Request, conversation_id: str) -> HttpResponseBase:
        return _tagged(request, reading.conversation_for, conversation_id)

    @schema.RENAME
    def update(self, request: Request, conversation_id: str) -> Response:
        body = read_json(request, RenameRequest)
        check_own(_user(request), body)
        services.rename(conversation_id, body.name, by=_user(request))
        return _shown(request, reading.changed_conversation, conversation_id)

    @schema.ARCHIVE
    @action(detail=True, methods=["put"])
    def archive(self, request: Request, conversation_id: str) -> Response:
        _check_body(request)
        services.archive(conversation_id, by=_user(request))
        return _shown(request, reading.changed_conversation, conversation_id)

    @schema.UNARCHIVE
    @action(detail=True, methods=["put"])
    def unarchive(self, request: Request, conversation_id: str) -> Response:
        _check_body(request)
        services.unarchive(conversation_id, by=_user(request))
        return _shown(request, reading.changed_conversation, conversation_id)

    @schema.MUTE
    @action(detail=True, methods=["put"])
    def mute(self, request: Request, conversation_id: str) -> Response:
        body = read_json(request, MuteRequest)
        check_own(_user(request), body)
        services.mute(conversation_id, _user(request), muted_until(body))
        return _shown(request, reading.conversation_for, conversation_id)

    @schema.HIDE
    @action(detail=True, methods=["put"])
    def hide(self, request: Request, conversation_id: str) -> Response:
        _check_body(request)
        services.hide(conversation_id, _user(request))
        return _shown(request, reading.conversation_for, conversation_id)

    @schema.UNHIDE
    @action(detail=True, methods=["put"])
    def unhide(self, request: Request, conversation_id: str) -> Response:
        _check_body(request)
        services.unhide(conversation_id, _user(request))
        return _shown(request, reading.conversation_for, conversation_id)

    @schema.PARTICIPANTS
    @action(detail=True)
    def participants(self, request: Request, conversation_id: str) -> HttpResponseBase:
        asked = page_request(request)
        return _tagged(request, reading.participants_page, conversation_id, asked)

    @schema.ADD_PARTICIPANTS
    @participants.mapping.post
    def add_participants(self, request: Request, conversation_id: str) -> Response:
        body = read_json(request, ParticipantsRequest, LARGE_BODY_BYTES)
        check_stated(_user(request), {"tenantId": body.tenant_id})
        is_done = repeating.add_participants(
            _user(request), conversation_id, body, header_key(request)
        )
        read = reading.changed_conversation if is_done else reading.conversation_for
        return _shown(request, read, conversation_id)

    @schema.REMOVE_PARTICIPANT
    @action(detail=True, methods=["delete"], url_path=f"participants/(?P<user_id>{ANY_ID})")
    def remove_participant(self, request: Request, conversation_id: str, user_id: str) -> Response:
        services.remove_participant(conversation_id, user_id, by=_user(request))
        return _shown(request, reading.changed_conversation, conversation_id)

    @schema.LEAVE
    @action(detail=True, methods=["post"])
    def leave(self, request: Request, conversation_id: str) -> Response:
        _check_body(request)
        repeating.leave(_user(request), conversation_id, header_key(request))
        return Response(None)


def _shown(request: Request, read: Callable[..., object], *asked: object) -> Response:
    """What `read` gives for the user, within the bound."""
    with pymongo.timeout(DATABASE_SECONDS):
        return Response(read(_user(request), *asked))


def _tagged(
    request: Request, read: Callable[..., msgspec.Struct], *asked: object
) -> HttpResponseBase:
    """The same for a GET, with its tag; 304 to who has it already."""
    with pymongo.timeout(DATABASE_SECONDS):
        data = read(_user(request), *asked)
    return tagged(request, data)


def _check_body(request: Request) -> None:
    """A body is not needed here; ids in one must be the token's."""
    if int(request.META.get("CONTENT_LENGTH") or 0):
        check_own(_user(request), read_json(request, OwnBody))


def _user(request: Request) -> TokenUser:
    return cast(TokenUser, request.user)
