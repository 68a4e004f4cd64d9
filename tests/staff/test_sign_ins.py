from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from chat_project.identifiers import new_id
from chat_project.mongodb import collection
from staff import sign_ins
from staff.sign_ins import COLLECTION, FAILURES_ALLOWED

PASSWORD = "một-mật-khẩu-dài-4711"


def user() -> str:
    name = new_id()
    User.objects.create_superuser(name, password=PASSWORD)
    return name


def sign_in(name: str, password: str) -> Any:
    return Client().post("/admin/login/", {"username": name, "password": password})


def test_after_ten_failures_the_right_password_is_refused_too(database: None) -> None:
    name = user()
    for _ in range(FAILURES_ALLOWED):
        assert "enter the correct" in sign_in(name, "wrong").content.decode()

    page = sign_in(name.upper(), PASSWORD)

    assert page.status_code == 200
    assert "Too many failed attempts" in page.content.decode()


def test_a_success_forgets_the_failures(database: None) -> None:
    name = user()
    for _ in range(FAILURES_ALLOWED - 1):
        sign_in(name, "wrong")

    assert sign_in(name, PASSWORD).status_code == 302

    assert not sign_ins.is_locked(name)
    assert collection(COLLECTION).find_one({"_id": sign_ins._key(name)}) is None


def test_after_a_quarter_of_an_hour_it_is_over(database: None) -> None:
    name = user()
    for _ in range(FAILURES_ALLOWED):
        sign_in(name, "wrong")
    key = {"_id": sign_ins._key(name)}
    at = (collection(COLLECTION).find_one(key) or {})["at"]
    collection(COLLECTION).update_one(key, {"$set": {"at": at - timedelta(minutes=15)}})

    assert sign_in(name, PASSWORD).status_code == 302


def test_a_name_that_nobody_has_is_told_the_same(database: None) -> None:
    name = new_id()
    for _ in range(FAILURES_ALLOWED):
        sign_in(name, "wrong")

    assert "Too many failed attempts" in sign_in(name, "wrong").content.decode()


def test_no_name_and_no_password_is_kept(database: None) -> None:
    name = new_id()
    sign_in(name, "a-secret-word")

    kept = collection(COLLECTION).find_one({"_id": sign_ins._key(name)})

    assert name not in str(kept)
    assert "a-secret-word" not in str(kept)
