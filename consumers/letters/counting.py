"""How many dead letters wait for somebody, for the admin's start page."""

from chat_project.mongodb import majority_collection

COUNTED = 1_000
ALL_BY_TIME, OF_TENANT_BY_TIME = "state_time", "tenant_state_time"


def open_letters(tenant_id: str | None) -> int:
    """Of one school or, with None, of all, those of no school included; up to COUNTED.

    Raises pymongo's errors.
    """
    query: dict[str, str | None] = {"closedHow": None}
    if tenant_id is not None:
        query["tenantId"] = tenant_id
    index = ALL_BY_TIME if tenant_id is None else OF_TENANT_BY_TIME
    return majority_collection("dead_letters").count_documents(query, hint=index, limit=COUNTED)
