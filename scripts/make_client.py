"""`scripts/make_client`: models, calls and methods of clients/python from the OpenAPI document."""

import argparse
import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import django
from django.core.management import call_command

from devstack.instance import REPOSITORY
from scripts.client_code.operations import Operation, call_source, method_sources, operations_of
from scripts.client_code.schemas import Schemas

PACKAGE = REPOSITORY / "clients" / "python" / "emis_chat_client"
MADE_BY = "Made by scripts/make_client from the OpenAPI document: changes here are lost."


def main(arguments: list[str] | None = None) -> int:
    """Exit code: 0 written or up to date, 1 not up to date (with --check)."""
    parser = argparse.ArgumentParser(prog="scripts/make_client", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if it differs")
    options = parser.parse_args(arguments)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chat_project.settings.django")
    django.setup()
    stale = stale_modules()
    for path, text in stale.items():
        sys.stderr.write(f"make_client: {path.relative_to(REPOSITORY)} is not up to date\n")
        if not options.check:
            path.write_text(text)
    return 1 if stale and options.check else 0


def stale_modules() -> dict[Path, str]:
    """The modules that are not as the document wants them, with the text that they should have."""
    made = modules(openapi_document())
    return {path: text for path, text in made.items() if _text_of(path) != text}


def openapi_document() -> Any:
    output = StringIO()
    call_command("spectacular", "--format", "openapi-json", stdout=output)
    return json.loads(output.getvalue())


def modules(document: Any) -> dict[Path, str]:
    """Every generated module and its text, formatted."""
    schemas = Schemas(document)
    operations = list(operations_of(document, schemas))
    made = {
        "calls.py": _calls(operations),
        "methods.py": _methods(operations, schemas),
        "models.py": _models(schemas),
    }
    return {PACKAGE / name: _formatted(text) for name, text in made.items()}


def _calls(operations: list[Operation]) -> str:
    head = f'''"""Every call of the service, as functions that build it.

{MADE_BY}
"""

from collections.abc import Sequence
from datetime import datetime
from types import NoneType

from emis_chat_client import models
from emis_chat_client.call import Call, filled, given
'''
    return "\n\n".join([head, *(call_source(each) for each in operations)])


def _methods(operations: list[Operation], schemas: Schemas) -> str:
    head = f'''"""The methods of both clients: for each endpoint one of the name and the parameters that it has
in `calls`, and for each list one that goes through all of its pages.

{MADE_BY}
"""

from emis_chat_client import calls
from emis_chat_client.binding import (
    async_each_item,
    async_each_message,
    async_method,
    each_item,
    each_message,
    method,
)
'''
    sync = _class("Methods", operations, schemas, prefix="")
    return "\n\n".join([head, sync, _class("AsyncMethods", operations, schemas, prefix="async_")])


def _class(name: str, operations: list[Operation], schemas: Schemas, *, prefix: str) -> str:
    lines = [
        f"    {line}"
        for each in operations
        for line in method_sources(each, schemas, prefix=prefix)
    ]
    return "\n".join([f"class {name}:", *lines, ""])


def _models(schemas: Schemas) -> str:
    head = f'''"""What is sent and answered. Times are aware; a field that may be null is `… | None`.

{MADE_BY}
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec
'''
    return "\n\n".join([head, *schemas.models()])


def _formatted(text: str) -> str:
    """By the linter and the formatter of this repository."""
    ruff = str(Path(sys.executable).with_name("ruff"))
    for command in (["check", "--fix", "--exit-zero", "--quiet"], ["format", "--quiet"]):
        name = ["--stdin-filename", str(PACKAGE / "made.py"), "-"]
        done = subprocess.run(
            [ruff, *command, *name], input=text, text=True, stdout=subprocess.PIPE, check=True
        )
        text = done.stdout
    return text


def _text_of(path: Path) -> str | None:
    return path.read_text() if path.exists() else None


if __name__ == "__main__":
    sys.exit(main())
