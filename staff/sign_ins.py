"""Failed sign-ins are counted, so that nobody tries passwords for long (decision 0022)."""

import hashlib
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm
from typing_extensions import override

from chat_project.mongodb import collection
from chat_project.timestamps import now

COLLECTION = "sign_in_failures"
FAILURES_ALLOWED = 10
FORGOTTEN_AFTER = timedelta(minutes=15)
"""After the last failure; MongoDB's index forgets a minute later at most."""


class SignInForm(AdminAuthenticationForm):
    """Asks for no password while a name has failed too often; it does not say whether it exists."""

    @override
    def clean(self) -> dict[str, Any]:
        if is_locked(self.cleaned_data.get("username") or ""):
            raise forms.ValidationError(
                "Too many failed attempts: try again in 15 minutes.", code="too_many_attempts"
            )
        cleaned: dict[str, Any] = super().clean()
        return cleaned


def is_locked(username: str) -> bool:
    found = collection(COLLECTION).find_one({"_id": _key(username)})
    if found is None or found["failures"] < FAILURES_ALLOWED:
        return False
    return bool(found["at"] > now() - FORGOTTEN_AFTER)


def note_failure(*, credentials: dict[str, Any], **_: Any) -> None:
    """Receives Django's `user_login_failed`."""
    collection(COLLECTION).update_one(
        {"_id": _key(str(credentials.get("username", "")))},
        {"$inc": {"failures": 1}, "$set": {"at": now()}},
        upsert=True,
    )


def forget_failures(*, user: Any, **_: Any) -> None:
    """Receives Django's `user_logged_in`."""
    collection(COLLECTION).delete_one({"_id": _key(user.get_username())})


def _key(username: str) -> str:
    """A digest: what people type for a name is sometimes their password."""
    return hashlib.sha256(username.casefold().encode("utf-8", "replace")).hexdigest()
