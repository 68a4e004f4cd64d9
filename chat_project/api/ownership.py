"""Ids that a request may name although the token says them: they must be the token's."""

from collections.abc import Mapping

from chat_project.api.errors import Forbidden
from chat_project.api.tokens import TokenUser
from chat_project.identifiers import canonical_id

STATED_PARAMETERS = ("userId", "requestedBy", "tenantId")


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
    check_stated(user, {"userId": user_id, "editorUserId": editor_user_id})


def check_parameters(user: TokenUser, given: Mapping[str, str]) -> None:
    """The same for the query parameters that the original needed; `given`: lower-case names."""
    check_stated(user, {name: given.get(name.lower()) for name in STATED_PARAMETERS})


def check_stated(user: TokenUser, stated: Mapping[str, str | None]) -> None:
    """The same for any names: `tenantId` must be the token's tenant, every other one its user."""
    for name, value in stated.items():
        is_tenant = name == "tenantId"
        own = user.tenant_id if is_tenant else user.user_id
        if value and canonical_id(value) != own:
            raise Forbidden(
                f"{name} is not the token's: leave it out",
                code="tenant_mismatch" if is_tenant else "user_mismatch",
                details={"field": name},
            )
