"""The messages of a conversation for staff: a page of the admin beside the conversation's own."""

from django.contrib import admin

from messaging.admin.pages import conversation_messages

admin.site.add_page(  # type: ignore[attr-defined]  # the site is `staff.site.StaffSite`
    "conversations/conversation/<str:conversation_id>/messages/",
    conversation_messages,
    name="conversation_messages",
)

__all__ = ["conversation_messages"]
