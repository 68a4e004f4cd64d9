"""Logs of changes: the audit log, and the one that Django's admin kept in earlier releases.

The entries stay, without what a person said and was called. Everything here may be repeated.
"""

import json
from collections.abc import Collection
from typing import Any

from chat_project.mongodb import Document, collection, majority_collection, taking_up_to
from consumers.audit.parsing import mapping, text
from consumers.erasure.copies import SCAN_SECONDS
from consumers.erasure.holds import Holds
from consumers.erasure.told import Person, person_of, without
from consumers.tenants import Subject

_REPAIRS: Document = {"tenantId": None, "action": {"$regex": "^repair "}}
"""`reconcile --repair` notes no school; what it noted tells it."""


def blank_audit_log(subject: Subject, names: Collection[str], holds: Holds) -> int:
    """The school's entries, but for those of conversations that are held back. Gives how many told
    something. Raises RetryLater, StopConsuming and pymongo's errors."""
    person, count = person_of(subject.user_id, names), 0
    query = {"$or": [{"tenantId": subject.tenant_id}, _REPAIRS]}
    with taking_up_to(SCAN_SECONDS):
        for entry in majority_collection("audit_log").find(query):
            details = without(entry["details"], person, person.full_names)
            if details != entry["details"] and _may_change(entry, subject.tenant_id, holds):
                change = {"$set": {"details": details}}
                collection("audit_log").update_one({"_id": entry["_id"]}, change)
                count += 1
    return count


def blank_admin_log(subject: Subject, names: Collection[str]) -> int:
    """Its entries of conversations and participants, by their texts: those of somebody who was
    removed tell neither an id nor a school. Gives how many told something. Raises pymongo's errors.
    """
    person, count = person_of(subject.user_id, names), 0
    with taking_up_to(SCAN_SECONDS):
        kinds = majority_collection("django_content_type").find({"app_label": "conversations"}, {})
        query = {"content_type_id": {"$in": [kind["_id"] for kind in kinds]}}
        for entry in majority_collection("django_admin_log").find(query):
            change = {
                "object_repr": without(entry["object_repr"], person, person.names),
                "change_message": _message_without(entry["change_message"], person),
            }
            if any(entry[name] != value for name, value in change.items()):
                collection("django_admin_log").update_one({"_id": entry["_id"]}, {"$set": change})
                count += 1
    return count


def _may_change(entry: Document, tenant_id: str, holds: Holds) -> bool:
    """Whether it is this school's, as far as anything tells, and of nothing that is held back."""
    details = entry["details"]
    told = [details, *(mapping(details.get(side)) for side in ("before", "after"))]
    named = {text(each.get("conversationId")) for each in told}
    ids = [id_ for id_ in {*named, entry.get("target", "").rpartition(" ")[2]} if id_]
    found = majority_collection("conversations").find({"_id": {"$in": ids}}, {"tenantId": 1})
    schools = {text(each.get("tenantId")) for each in (entry, *told, *found)} - {None}
    is_own = not schools or tenant_id in schools
    return is_own and len(holds.free(ids, str)) == len(ids)


def _message_without(message: str, person: Person) -> str:
    """Django keeps a list of changes as JSON, in which letters of Vietnamese are escapes."""
    try:
        told: Any = json.loads(message)
    except ValueError:
        return str(without(message, person, person.names))
    changed = without(told, person, person.names)
    return message if changed == told else json.dumps(changed)
