"""Which conversations a user is shown, the last active first, page by page (contract section 5).

Five queries, whatever the page's size: what the user is in, what is needed to choose and to sort,
and three for what is shown. The sort is done here: an index for it would have to join participants
with the time of the last message, and so would cost each message a write for every participant.
"""

from collections.abc import Iterable, Mapping

import msgspec
from rest_framework.request import Request

from chat_project.api.errors import InvalidRequest
from chat_project.api.paging import Page, PageRequest, page_of, page_request
from chat_project.api.query import choice, flag, parameters
from chat_project.api.tokens import TokenUser
from chat_project.folding import fold
from chat_project.identifiers import canonical_id
from chat_project.mongodb import Document, majority_collection
from chat_project.texts import exceeds_utf16
from conversations.reading import READ_AT_ONCE, own_participations, shown_in_list
from conversations.serializers import ConversationDto, last_activity
from conversations.values import ConversationType

MAX_TERM_UTF16_UNITS = 255

_FOR_THE_ORDER = dict.fromkeys(("lastMessage.sentAt", "createdAt"), 1)
_FOR_THE_SEARCH = {**_FOR_THE_ORDER, "name": 1}


class ListRequest(msgspec.Struct, frozen=True):
    """Which page of which conversations. Archived: for all, or hidden by the user themselves."""

    page: PageRequest
    type: ConversationType | None
    include_archived: bool


def list_request(request: Request) -> ListRequest:
    """Reads the query. Raises InvalidRequest."""
    given = parameters(request)
    return ListRequest(
        page=page_request(request),
        type=choice(given, "type", ConversationType),
        include_archived=flag(given, "includeArchived"),
    )


def search_words(request: Request) -> list[str]:
    """The folded words of `searchTerm`. Raises InvalidRequest for none and for too many."""
    term = parameters(request).get("searchterm", "")
    words = fold(term).split()
    if not words or exceeds_utf16(term, MAX_TERM_UTF16_UNITS):
        raise InvalidRequest(
            f"searchTerm must have 1 to {MAX_TERM_UTF16_UNITS} UTF-16 code units, not only blanks",
            code="invalid_field",
            details={"field": "searchTerm"},
        )
    return words


def own_conversations(user: TokenUser, asked: ListRequest) -> Page[ConversationDto]:
    """All that the user is in."""
    own = own_participations(user.user_id)
    found = _candidates(user, asked, {"_id": {"$in": list(own)}}, index="_id_")
    return _page(user, asked, found, own)


def search(user: TokenUser, words: list[str], asked: ListRequest) -> Page[ConversationDto]:
    """Those of them whose names hold every word, in any order and within other words."""
    own = own_participations(user.user_id)
    within = {"_id": {"$in": list(own)}}
    found = _candidates(user, asked, within, index="_id_", fields=_FOR_THE_SEARCH)
    return _page(user, asked, (each for each in found if _holds(each["name"], words)), own)


def about_student(user: TokenUser, student_id: str, asked: ListRequest) -> Page[ConversationDto]:
    return _about(user, asked, {"studentId": canonical_id(student_id)}, index="tenant_student")


def about_class(user: TokenUser, class_id: str, asked: ListRequest) -> Page[ConversationDto]:
    """Class groups, and student groups of that class."""
    return _about(user, asked, {"classId": canonical_id(class_id)}, index="tenant_class")


def _about(
    user: TokenUser, asked: ListRequest, condition: Document, *, index: str
) -> Page[ConversationDto]:
    found = _candidates(user, asked, condition, index=index)
    return _page(
        user, asked, found, own_participations(user.user_id, [each["_id"] for each in found])
    )


def _candidates(
    user: TokenUser,
    asked: ListRequest,
    condition: Document,
    *,
    index: str,
    fields: Mapping[str, int] = _FOR_THE_ORDER,
) -> list[Document]:
    """Conversations of the tenant, by the named index: the planner's choice changes with the data."""
    query: Document = {**condition, "tenantId": user.tenant_id}
    if asked.type:
        query["type"] = asked.type.value
    if not asked.include_archived:
        query["isActive"] = True
    found = majority_collection("conversations").find(
        query, fields, hint=index, batch_size=READ_AT_ONCE
    )
    return list(found)


def _page(
    user: TokenUser,
    asked: ListRequest,
    candidates: Iterable[Document],
    own: Mapping[str, Document],
) -> Page[ConversationDto]:
    found = [each for each in candidates if _is_listed(own.get(each["_id"]), asked)]
    found.sort(key=lambda each: (last_activity(each), each["_id"]), reverse=True)
    page = found[asked.page.offset : asked.page.offset + asked.page.size]
    shown = shown_in_list(user, [each["_id"] for each in page], own)
    return page_of(shown, len(found), asked.page)


def _is_listed(participation: Document | None, asked: ListRequest) -> bool:
    if participation is None:
        return False
    return asked.include_archived or participation.get("hiddenAt") is None


def _holds(name: str, words: list[str]) -> bool:
    folded = fold(name)
    return all(word in folded for word in words)
