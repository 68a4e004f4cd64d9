"""The machine's Java and Maven, and Kafka's jars."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from devstack.errors import StackError
from devstack.instance import ROOT, locked
from devstack.progress import report

OLDEST_JAVA = 17
INSTALL = "apt-get update && apt-get install -y --no-install-recommends maven default-jre-headless"

JARS = ROOT / "jars"
POM = Path(__file__).with_name("pom.xml")


def runtime() -> Path:
    """A `java` of version 17 or newer, from JAVA_HOME or PATH. Raises StackError."""
    found = _find_java()
    if found is None:
        _install("no Java found in JAVA_HOME or PATH")
        found = _find_java()
    if found is None or _version(found) < OLDEST_JAVA:
        raise StackError(
            f"Kafka needs Java {OLDEST_JAVA} or newer, found {found or 'none'}: install it with"
            f" `{INSTALL}`, or set JAVA_HOME to a newer one"
        )
    return found


def kafka_jars() -> Path:
    """The folder with the broker's jars, fetched by Maven when pom.xml is new. Raises StackError."""
    return jars_of(POM, JARS, "Kafka's jars (45 MB, once)")


def jars_of(pom: Path, folder: Path, what: str) -> Path:
    """The folder, with the jars that the POM depends on. Raises StackError."""
    stamp = folder / "pom.sha256"
    wanted = hashlib.sha256(pom.read_bytes()).hexdigest()
    with locked("jars"):
        if not stamp.exists() or stamp.read_text() != wanted:
            _fetch_jars(pom, folder, what)
            stamp.write_text(wanted)
    return folder


def _fetch_jars(pom: Path, folder: Path, what: str) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        _install("no Maven (mvn) found in PATH")
        maven = shutil.which("mvn")
    if maven is None:
        raise StackError(f"{what} are fetched by Maven, and there is none: `{INSTALL}`")
    shutil.rmtree(folder, ignore_errors=True)
    report(f"fetching {what} with Maven")
    answer = subprocess.run(
        [
            *(maven, "-B", "-q", "-f", str(pom)),
            *("dependency:copy-dependencies", f"-DoutputDirectory={folder}"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode:
        raise StackError(
            f"Maven could not fetch {what} (it needs Maven Central, or a mirror of it in Maven's"
            f" settings.xml):\n{answer.stdout[-2000:]}{answer.stderr[-2000:]}"
        )


def _find_java() -> Path | None:
    if home := os.environ.get("JAVA_HOME"):
        java = Path(home) / "bin" / "java"
        return java if java.exists() else None
    found = shutil.which("java")
    return Path(found) if found else None


def _version(java: Path) -> int:
    """The major version; 0 when it does not tell."""
    answer = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)
    match = re.search(r'version "(\d+)', answer.stderr)
    return int(match[1]) if match else 0


def _install(reason: str) -> None:
    """Installs Java and Maven where that needs no question: root, and apt-get is there."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise StackError(f"{reason}: install it with `{INSTALL}` (as root)")
    report(f"{reason}; installing: {INSTALL}")
    answer = subprocess.run(["/bin/sh", "-c", INSTALL], stdout=sys.stderr, check=False)
    if answer.returncode:
        raise StackError(f"{reason}, and installing failed; the command was: {INSTALL}")
