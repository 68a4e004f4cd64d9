"""Changes of groups that are there, in the transaction of a sync: people, roles, name, class."""

from collections.abc import Mapping, Sequence

import msgspec
from pymongo import DeleteOne, InsertOne, UpdateOne
from pymongo.client_session import ClientSession

from chat_project.mongodb import Document, collection
from chat_project.timestamps import now
from conversations import policies, telling
from conversations.erased import ERASED_NAME
from conversations.services import outbox
from conversations.services.participation import ADMINS_INDEX
from conversations.services.people import participant_document
from conversations.services.roster.states import Applied
from conversations.services.roster.wanting import Steps, Wanted, steps
from conversations.values import Membership, Person, Role
from conversations.words import search_words

Write = InsertOne[Document] | UpdateOne | DeleteOne


class Group(msgspec.Struct, frozen=True):
    """A conversation as it was read, what it should be, and what the roster made of it last."""

    conversation: Document
    wants: Wanted
    applied: Applied | None

    def user_ids(self) -> set[str]:
        """Whom the roster may have to touch."""
        known = {one.user_id for one in self.applied.people} if self.applied else set()
        return known | {person.user_id for person, _ in self.wants.people}


class Outcome(msgspec.Struct, frozen=True):
    """A conversation as it is now, and who has another membership than before."""

    conversation: Document
    applied: Applied
    members: dict[str, Membership] = msgspec.field(default_factory=dict)
    is_new: bool = False
    is_change: bool = False
    is_told: bool = False


class _Writes(msgspec.Struct):
    """Of all groups, to be sent together."""

    conversations: list[UpdateOne] = msgspec.field(default_factory=list)
    participants: list[Write] = msgspec.field(default_factory=list)

    def send(self, session: ClientSession) -> None:
        if self.conversations:
            collection("conversations").bulk_write(self.conversations, session=session)
        if self.participants:
            collection("participants").bulk_write(self.participants, session=session)


def change_groups(session: ClientSession, groups: Sequence[Group]) -> list[Outcome]:
    """One of each group, in their order. Each group that changes gets a version for each thing that
    its participants are told, at least one."""
    present = _present(session, groups)
    writes = _Writes()
    outcomes = []
    for group in groups:
        id_, class_id = group.conversation["_id"], group.conversation.get("classId")
        members = present.get(id_, {})
        do = steps(id_, group.wants, group.applied, members, class_id)
        if do.is_change:
            outcomes.append(_change(session, group.conversation, do, members, writes))
        else:
            outcomes.append(Outcome(group.conversation, do.applied))
    writes.send(session)
    return outcomes


def _change(
    session: ClientSession,
    before: Document,
    do: Steps,
    members: Mapping[str, Membership],
    writes: _Writes,
) -> Outcome:
    texts = _texts(do)
    after = {**before, **_changes(do), "version": before["version"] + max(1, len(texts))}
    writes.conversations.append(_update(before, after, erased_of(do.added)))
    writes.participants += _of_people(after, do)
    for version, text in enumerate(texts, before["version"] + 1):
        outbox.tell(session, {**after, "version": version}, text, None)
    changed = _members(do, members)
    return Outcome(after, do.applied, changed, is_change=True, is_told=bool(texts))


def _present(session: ClientSession, groups: Sequence[Group]) -> dict[str, dict[str, Membership]]:
    """By conversation: its Admins, and those of the wanted and the applied who are in it.

    Reads no others: a group that was made by hand may have thousands.
    """
    people = collection("participants")
    ids = [group.conversation["_id"] for group in groups]
    fields = {"conversationId": 1, "userId": 1, "userName": 1, "role": 1}
    admins: Document = {"conversationId": {"$in": ids}, "role": Role.ADMIN.value}
    pairs: list[Document] = [
        {"conversationId": group.conversation["_id"], "userId": {"$in": sorted(user_ids)}}
        for group in groups
        if (user_ids := group.user_ids())
    ]
    found = list(people.find(admins, fields, session=session, hint=ADMINS_INDEX))
    if pairs:
        found += people.find({"$or": pairs}, fields, session=session)
    present: dict[str, dict[str, Membership]] = {}
    for each in found:
        membership = Membership(Role(each["role"]), each["userName"])
        present.setdefault(each["conversationId"], {})[each["userId"]] = membership
    return present


def _texts(do: Steps) -> list[str]:
    """What the participants are told, as of changes by staff; roles are not told."""
    texts = []
    if do.added:
        names = [person.user_name for person, _ in do.added]
        texts.append(telling.joined(names, len(names), None))
    texts += [telling.removed(person.user_name, None) for person in do.removed]
    if do.name:
        texts.append(telling.renamed(policies.student_group_name(do.name), None))
    return texts


def _changes(do: Steps) -> Document:
    changes: Document = {"updatedAt": now()}
    if do.name:
        changes["name"] = policies.student_group_name(do.name)
        changes["words"] = search_words(changes["name"])
    if do.class_id:
        changes["classId"] = do.class_id
    return changes


def _update(before: Document, after: Document, erased: Sequence[str]) -> UpdateOne:
    """The consumer owns the other fields. `erased`: newcomers whose name it must not store either."""
    names = ("version", "updatedAt", "name", "words", "classId")
    fields = {name: after[name] for name in names if after.get(name) != before.get(name)}
    change: Document = {"$set": fields}
    if erased:
        change["$addToSet"] = {"erased": {"$each": list(erased)}}
    return UpdateOne({"_id": before["_id"]}, change)


def erased_of(people: Sequence[tuple[Person, Role]]) -> list[str]:
    """Those who come without a name."""
    return [person.user_id for person, _ in people if person.user_name == ERASED_NAME]


def _of_people(conversation: Document, do: Steps) -> list[Write]:
    id_, last_seq, at = conversation["_id"], conversation["lastSeq"], conversation["updatedAt"]

    def pair(person: Person) -> Document:
        return {"conversationId": id_, "userId": person.user_id}

    return [
        *(
            InsertOne(participant_document(conversation, one, role, last_seq, at))
            for one, role in do.added
        ),
        *(UpdateOne(pair(one), {"$set": _named(one)}) for one in do.renamed),
        *(UpdateOne(pair(one), {"$set": {"role": role.value}}) for one, role in do.changed),
        *(DeleteOne(pair(one)) for one in do.removed),
    ]


def _named(person: Person) -> Document:
    return {"userName": person.user_name, "words": search_words(person.user_name)}


def _members(do: Steps, present: Mapping[str, Membership]) -> dict[str, Membership]:
    """Who has another membership than before."""
    members = {one.user_id: Membership(role, one.user_name) for one, role in do.added}
    for one in do.renamed:
        members[one.user_id] = Membership(present[one.user_id].role, one.user_name)
    for one, role in do.changed:
        name = members.get(one.user_id, present[one.user_id]).user_name
        members[one.user_id] = Membership(role, name)
    return members | {one.user_id: Membership() for one in do.removed}
