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


def check_parameters(user: TokenUser, given: Mapping[str, str]) -> None:
    """The same for the query parameters that the original needed; `given`: lower-case names."""
    own = {"userId": user.user_id, "requestedBy": user.user_id, "tenantId": user.tenant_id}
    for name, value in own.items():
        stated = given.get(name.lower())
        if stated and canonical_id(stated) != value:
            raise Forbidden(
                f"{name} is not the token's: leave it out",
                code="tenant_mismatch" if name == "tenantId" else "user_mismatch",
                details={"field": name},
            )
