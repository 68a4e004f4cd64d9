"""The examples of the client's README, run one after the other against the product."""

import os
import re
import subprocess
import sys
from pathlib import Path

from chat_project.settings.environment import BASE_DIR
from tests.product import Product, command_output

CLIENT = BASE_DIR / "clients" / "python"
README = (CLIENT / "README.md").read_text()
EXAMPLES = re.findall(r"```python\n(.*?)```", README, re.DOTALL)

RUN_SECONDS = 60


def test_the_examples_run_and_tell_what_the_text_says(product: Product) -> None:
    command_output("seed_demo")
    variables = {
        "EMIS_CHAT_URL": product.url,
        "EMIS_CHAT_TOKEN": product.token("school-1-teacher-1", "school-1", "Lê Văn Dũng"),
        "PYTHONPATH": str(CLIENT),
        "PYTHONWARNINGS": "error",
    }

    done = subprocess.run(
        [sys.executable, "-c", "\n".join(EXAMPLES)],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert re.fullmatch(r"[0-9a-f-]{36} Sending", lines[0])
    assert re.fullmatch(r"Sent \d+ None", lines[1])
    assert "refused content_empty" in lines
    assert "not there, or another school's: conversation_not_found" in lines
    assert "['Sent', 'Sent', 'Sent']" in lines


def test_the_examples_are_typed(tmp_path: Path) -> None:
    example = tmp_path / "example.py"
    example.write_text("\n".join(EXAMPLES))

    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file=", "--strict", str(example)],
        env={**os.environ, "MYPYPATH": str(CLIENT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )

    assert done.returncode == 0, done.stdout
