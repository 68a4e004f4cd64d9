"""The app of those who work in the admin: whose school they see, and what they have changed."""

from django.apps import AppConfig
from typing_extensions import override


class StaffConfig(AppConfig):
    name = "staff"
    verbose_name = "Staff"

    @override
    def ready(self) -> None:
        """Failed sign-ins count, wherever they fail."""
        from django.contrib import admin
        from django.contrib.auth.signals import user_logged_in, user_login_failed

        from staff import sign_ins

        admin.site.login_form = sign_ins.SignInForm
        user_login_failed.connect(sign_ins.note_failure, dispatch_uid="staff.sign_ins.failure")
        user_logged_in.connect(sign_ins.forget_failures, dispatch_uid="staff.sign_ins.success")
