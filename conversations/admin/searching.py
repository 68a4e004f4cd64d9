"""What staff mean by a few words: conversations by name, id, student, class and participant.

Each way is one bounded query by an index; what they find together is then listed in its order.
"""

from collections.abc import Iterator, Sequence

from chat_project.identifiers import canonical_id
from chat_project.mongodb import Document, majority_collection
from conversations.words import search_words
from staff.filters import schools
from staff.scope import Scope

MAX_CANDIDATES = 1_000
"""Of each way to be meant; a list of more helps nobody to find one."""
AFTER_EVERY_LETTER = "\uffff"

WORDS = "words_tenant"
"""The index of this name, of `conversations` and of `participants`."""


def candidates(scope: Scope, term: str) -> tuple[list[str], bool]:
    """Ids of conversations, and whether they are all. Of other schools, too, where the id of a person
    is one: whoever lists them must ask for the scope again."""
    found = [*_by_id(scope, written_ids(term)), *_by_words(scope, search_words(term))]
    ids = {each for part in found for each in part[:MAX_CANDIDATES]}
    return list(ids), all(len(part) <= MAX_CANDIDATES for part in found)


def people_found(scope: Scope, term: str) -> list[Document]:
    """Participants by the id or the words of a name: `_id` and `conversationId`, of the scope."""
    people = majority_collection("participants")
    fields = {"conversationId": 1}
    by_id: Document = {"userId": {"$in": written_ids(term)}, **scope.query()}
    found = list(people.find(by_id, fields, hint="user_conversation", limit=MAX_CANDIDATES))
    if words := search_words(term):
        query, hint = words_query("participants", scope, words), WORDS
        found += people.find(query, fields, hint=hint, limit=MAX_CANDIDATES)
    return list({each["_id"]: each for each in found}.values())


def words_query(collection: str, scope: Scope, words: Sequence[str]) -> Document:
    """Names with all these words, the last of which may be a beginning.

    The index serves the first condition: the one that fewest have, of those that one can count.
    """
    *whole, last = words
    conditions: list[Document] = [{"words": word} for word in whole]
    conditions.append({"words": {"$elemMatch": {"$gte": last, "$lt": last + AFTER_EVERY_LETTER}}})
    if len(conditions) > 1:
        conditions.sort(key=lambda condition: _count(collection, {**condition, **scope.query()}))
    return {**scope.query(), "$and": conditions}


def written_ids(term: str) -> list[str]:
    """The id that somebody typed: as they wrote it, in lower and in upper case. Ids differ by case,
    but people seldom mean that; one of mixed case is found as it is written."""
    given = canonical_id(term.strip())
    return list(dict.fromkeys([given, given.lower(), given.upper()]))


def _by_id(scope: Scope, given: Sequence[str]) -> Iterator[list[str]]:
    yield list(given)
    people = majority_collection("participants")
    theirs = people.find(
        {"userId": {"$in": given}},
        {"_id": 0, "conversationId": 1},
        hint="user_conversation",
        limit=MAX_CANDIDATES + 1,
    )
    yield [each["conversationId"] for each in theirs]
    within = scope.query() or {"tenantId": {"$in": schools("conversations")}}
    conversations = majority_collection("conversations")
    for field, index in (("studentId", "tenant_student"), ("classId", "tenant_class")):
        about = conversations.find(
            {**within, field: {"$in": given}}, {"_id": 1}, hint=index, limit=MAX_CANDIDATES + 1
        )
        yield [each["_id"] for each in about]


def _by_words(scope: Scope, words: Sequence[str]) -> Iterator[list[str]]:
    if not words:
        return
    for collection, field in (("conversations", "_id"), ("participants", "conversationId")):
        found = majority_collection(collection).find(
            words_query(collection, scope, words), {field: 1}, hint=WORDS, limit=MAX_CANDIDATES + 1
        )
        yield [each[field] for each in found]


def _count(collection: str, condition: Document) -> int:
    counted = majority_collection(collection)
    return counted.count_documents(condition, hint=WORDS, limit=MAX_CANDIDATES)
