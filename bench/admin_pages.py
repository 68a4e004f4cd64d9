"""How long the admin's pages take with a million conversations: `python -m bench.admin_pages`.

It fills a database of its own on the server of MONGODB_URI, signs in as a superuser and as staff of
a school that has half of all conversations, and asks each page through Django's test client: all of
the page but gunicorn and the network. A database that is full already is used as it is.
"""

import argparse
import os
import random
import statistics
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

DATABASE = "emis_admin_bench"
ROUNDS = 20
AT_ONCE = 5_000
FILL_SECONDS = 3_600.0
LARGE = "school-0"

FAMILY = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Vũ", "Đặng", "Bùi", "Đỗ", "Ngô")
MIDDLE = ("Văn", "Thị", "Minh", "Gia", "Đức", "Ngọc", "Thu", "Quang", "Tuấn", "Bích")
GIVEN = ("Anh", "Bảo", "Chi", "Dũng", "Giang", "Hà", "Khoa", "Lan", "Nam", "Thảo")

PAGES = {
    "start": "/admin/",
    "conversations": "/admin/conversations/conversation/",
    "page 200": "/admin/conversations/conversation/?p=200",
    "a type": "/admin/conversations/conversation/?type__exact=ClassGroup",
    "archived": "/admin/conversations/conversation/?is_active__exact=0",
    "a type, archived": (
        "/admin/conversations/conversation/?type__exact=TeacherGroup&is_active__exact=0"
    ),
    "written last week": (f"/admin/conversations/conversation/?tenant_id={LARGE}&activity=week"),
    "a rare name": "/admin/conversations/conversation/?q=rarename",
    "a common name": "/admin/conversations/conversation/?q=nguyen+van+anh",
    "a beginning": "/admin/conversations/conversation/?q=nguyen+th",
    "a participant's id": "/admin/conversations/conversation/?q=user-4711",
    "a student's id": "/admin/conversations/conversation/?q=student-4711",
    "nothing": "/admin/conversations/conversation/?q=nguyen+xyz",
    "people": "/admin/conversations/participant/?q=tran+thi+lan",
    "audit log": "/admin/staff/auditentry/",
    "dead letters": "/admin/consumers/deadletter/",
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.admin_pages", description=__doc__)
    parser.add_argument("--conversations", type=int, default=1_000_000, metavar="N")
    parser.add_argument("--participants-each", type=int, default=2, metavar="N")
    parser.add_argument("--database", default=DATABASE, help=f"default: {DATABASE}")
    given = parser.parse_args()
    os.environ["MONGODB_DATABASE"] = given.database
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chat_project.settings.django")
    _set_up()
    _fill(given.conversations, given.participants_each)
    _measure()


def _set_up() -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0, stdout=sys.stderr)
    call_command("create_indexes", stdout=sys.stderr)
    call_command("create_topics", stdout=sys.stderr)


def _fill(count: int, participants_each: int) -> None:
    from tqdm import tqdm

    from chat_project.mongodb import collection, taking_up_to

    conversations, participants = collection("conversations"), collection("participants")
    there = conversations.estimated_document_count()
    chance = random.Random(there)
    progress = tqdm(total=count, initial=there, unit=" conversations", file=sys.stderr)
    with progress as bar, taking_up_to(FILL_SECONDS):
        for start in range(there, count, AT_ONCE):
            documents = list(_conversations(range(start, min(count, start + AT_ONCE)), chance))
            people = [
                one
                for document in documents
                for one in _participants(document, participants_each, chance)
            ]
            conversations.insert_many(documents, ordered=False)
            if people:
                participants.insert_many(people, ordered=False)
            bar.update(len(documents))


def _conversations(numbers: range, chance: random.Random) -> Iterator[dict[str, Any]]:
    from chat_project.identifiers import new_id
    from conversations.words import search_words

    now = datetime.now(UTC)
    for number in numbers:
        name = f"Student: {_name(chance)}" if number % 4 else f"Class: {number % 97}A{number % 9}"
        name = "Tổ rarename" if number % 250_000 == 7 else name
        kind = ("ClassGroup", "StudentGroup", "StudentGroup", "OneToOne", "TeacherGroup")[
            0 if not number % 4 else 1 + number % 4
        ]
        id_ = new_id()
        yield {
            "_id": id_,
            "key": id_,
            "tenantId": LARGE if number % 2 else f"school-{1 + number // 2 % 200}",
            "type": kind,
            "name": name,
            "words": search_words(name),
            "isActive": number % 20 != 0,
            "version": 1,
            "lastSeq": number % 300,
            "lastMessage": {
                "messageId": id_,
                "seq": number % 300,
                "senderId": "user-1",
                "senderName": "Lan",
                "content": "Chào thầy",
                "sentAt": now - timedelta(minutes=chance.randrange(525_600)),
            },
            "studentId": f"student-{number}",
            "createdAt": now,
            "createdBy": "user-1",
            "updatedAt": now,
        }


def _participants(
    conversation: dict[str, Any], count: int, chance: random.Random
) -> Iterator[dict[str, Any]]:
    from conversations.words import search_words

    for user in chance.sample(range(300_000), count):
        name = _name(chance)
        yield {
            "conversationId": conversation["_id"],
            "tenantId": conversation["tenantId"],
            "userId": f"user-{user}",
            "userName": name,
            "words": search_words(name),
            "role": "Member",
            "joinedSeq": 0,
            "readSeq": 0,
            "joinedAt": conversation["createdAt"],
        }


def _name(chance: random.Random) -> str:
    return " ".join(chance.choice(part) for part in (FAMILY, MIDDLE, GIVEN))


def _measure() -> None:
    from django.contrib.auth.models import User
    from django.test import Client
    from django.test.utils import setup_test_environment

    from staff.roles import StaffRole, appoint

    setup_test_environment()
    chief, _ = User.objects.get_or_create(username="bench-chief", is_superuser=True, is_staff=True)
    staff, _ = User.objects.get_or_create(username="bench-staff")
    appoint(staff, LARGE, StaffRole.STAFF)
    clients = []
    for user in (chief, staff):
        client = Client()
        client.force_login(user)
        clients.append(client)
    sys.stdout.write(
        "| Page | all schools: median, worst ms | a school with half: median, worst ms |\n"
    )
    sys.stdout.write("| --- | --- | --- |\n")
    for name, path in PAGES.items():
        told = [_milliseconds(client, path) for client in clients]
        cells = [f"{statistics.median(each):.0f}, {max(each):.0f}" for each in told]
        sys.stdout.write(f"| {name} | {cells[0]} | {cells[1]} |\n")


def _milliseconds(client: Any, path: str) -> list[float]:
    """After a first time, which is not counted: it fills the server's cache."""
    client.get(path)
    times = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        response = client.get(path)
        times.append((time.perf_counter() - begun) * 1_000)
        if response.status_code != 200:
            raise SystemExit(f"{path} answers {response.status_code}")
    return times


if __name__ == "__main__":
    main()
