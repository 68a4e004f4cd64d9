"""How the list of participants is read: of one conversation, or of one person."""

from chat_project.mongodb import Document
from conversations.admin.searching import MAX_CANDIDATES, people_found
from conversations.selectors import settings_and_version
from staff.found import Found, Reading, read
from staff.scope import Scope

HINT = "Search for a person by id or name, or come here from a conversation."
MORE_MATCH = "More than can be shown match: these are some of them. Add a word."


def find_people(
    scope: Scope,
    *,
    conversation_id: str | None,
    role: str | None,
    term: str,
    page: int,
    size: int,
) -> Found:
    """Without a conversation and without a search there is no list. Raises pymongo's errors."""
    if scope.is_nothing or not (conversation_id or term.strip()):
        return Found(note=HINT)
    if conversation_id and not _is_in(scope, conversation_id):
        return Found()
    if not term.strip():
        return read("participants", of_conversation(conversation_id, role), page=page, size=size)
    found = [
        each
        for each in people_found(scope, term)
        if conversation_id in (None, each["conversationId"])
    ]
    keys = sorted((each["_id"] for each in found), reverse=True)
    is_cut_off = len(keys) >= MAX_CANDIDATES
    reading = Reading({"_id": {"$in": keys}, **_role(role)}, "_id_", [("_id", -1)])
    listed = read("participants", reading, page=page, size=size)
    return Found(listed.keys, listed.total, MORE_MATCH if is_cut_off else "", is_cut_off)


def of_conversation(conversation_id: str | None, role: str | None) -> Reading:
    query = {"conversationId": conversation_id, **_role(role)}
    return Reading(query, "conversation_user", [("userId", 1)])


def _role(role: str | None) -> Document:
    return {"role": role} if role else {}


def _is_in(scope: Scope, conversation_id: str) -> bool:
    settings = settings_and_version([conversation_id]).get(conversation_id)
    return settings is not None and scope.covers(settings.tenant_id)
