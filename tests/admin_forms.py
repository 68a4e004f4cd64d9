"""A form of the admin, for tests that send it without a browser."""

from typing import Any

from django.test import Client


def form_of(client: Client, path: str) -> dict[str, Any]:
    """The page's form as a browser sends it when nothing was changed."""
    context = client.get(path).context
    form = context["adminform"].form
    sent = {name: form.initial.get(name) for name in form.fields}
    for inline in context["inline_admin_formsets"]:
        management = inline.formset.management_form
        sent |= {management.add_prefix(name): value for name, value in management.initial.items()}
        for row in inline.formset.initial_forms:
            enabled = [name for name, field in row.fields.items() if not field.disabled]
            sent |= {row.add_prefix(name): row[name].value() for name in enabled}
    return {name: value for name, value in sent.items() if value not in (None, False)}
