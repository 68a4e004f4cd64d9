"""Ids that a request may name although the token says them: they must be the token's."""

from collections.abc import Mapping

from chat_project.api.errors import Forbidden
from chat_project.api.tokens import TokenUser
from chat_project.identifiers import canonical_id


def check_sender(user: TokenUser, sender_id: str | None) -> None:
    """Raises Forbidden for a senderId that is given and not the token's user."""
    if sender_id is not None and canonical_id(sender_id) != user.user_id:
        raise Forbidden(
            "senderId is not the token's user: leave it out, or send under that user's token",
            code="sender_mismatch",
            details={"field": "senderId"},
        )


def check_body(user: TokenUser, user_id: str | None, editor_user_id: str | None) -> None:
    """The same for the body fields that the original's clients send."""
    for name, stated in (("userId", user_id), ("editorUserId", editor_user_id)):
        if stated and canonical_id(stated) != user.user_id:
            raise _mismatch(name, "user_mismatch")


def check_parameters(user: TokenUser, given: Mapping[str, str]) -> None:
    """The same for the query parameters that the original needed; `given`: lower-case names."""
    own = {"userId": user.user_id, "requestedBy": user.user_id, "tenantId": user.tenant_id}
    for name, value in own.items():
        stated = given.get(name.lower())
        if stated and canonical_id(stated) != value:
            raise _mismatch(name, "tenant_mismatch" if name == "tenantId" else "user_mismatch")


def _mismatch(name: str, code: str) -> Forbidden:
    return Forbidden(f"{name} is not the token's: leave it out", code=code, details={"field": name})
