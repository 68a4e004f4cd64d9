"""The password that somebody of the admin gives to themselves."""

from typing import Any

from django.contrib.admin.forms import AdminPasswordChangeForm
from typing_extensions import override

from staff.changes import Change, audited
from staff.scope import scope_of_user


class OwnPasswordForm(AdminPasswordChangeForm):
    """Notes it in the audit log before it is stored; no password is told there."""

    @override
    def save(self, commit: bool = True) -> Any:
        user: Any = self.user
        told = Change(
            by=user.get_username(),
            action="set own password",
            target=user.get_username(),
            tenant_id=scope_of_user(user).tenant_id,
        )
        with audited(told):
            return super().save(commit)
