"""An export on disk: files whose SHA-256 is taken as they are written, and a manifest that seals them."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from consumers.errors import Refused

MANIFEST = "manifest.json"
PART = ".part"
"""Behind the name of a folder that is not whole yet."""


class HashedFile:
    """A file that is written once, from its beginning to its end."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._digest = hashlib.sha256()

    def write(self, content: bytes) -> None:
        self._digest.update(content)
        self._file.write(content)

    def text(self, content: str) -> None:
        self.write(content.encode())

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()


class Folder:
    """An export in the making, beside the place where it appears when it is whole. Other users of
    the machine cannot read it."""

    def __init__(self, path: Path) -> None:
        """Raises Refused for a folder that holds something or cannot be replaced, for a path that is
        none, and for one that another export has begun."""
        self.path = path.resolve()
        self.digests: dict[str, str] = {}
        if self.path.exists() and (not self.path.is_dir() or any(self.path.iterdir())):
            raise Refused(f"--output {path}: is there already, and not an empty folder")
        if self.path.is_mount():
            raise Refused(f"--output {path}: is a mount point; name a new folder in it")
        self._part = Path(f"{self.path}{PART}")
        try:
            self._part.mkdir(mode=0o700, parents=True)
        except FileExistsError:
            raise Refused(
                f"--output {path}: an export to it works, or was killed and left {self._part};"
                " delete that one if no export works, or choose another folder"
            ) from None

    @contextmanager
    def file(self, name: str) -> Iterator[HashedFile]:
        """`name` may have a folder in front. Raises OSError."""
        target = self._part / name
        target.parent.mkdir(exist_ok=True)
        with target.open("xb") as opened:
            written = HashedFile(opened)
            yield written
            opened.flush()
            os.fsync(opened.fileno())
        self.digests[name] = written.sha256

    def copy(self, name: str, chunks: Iterable[bytes]) -> None:
        with self.file(name) as written:
            for chunk in chunks:
                written.write(chunk)

    def seal(self, described: dict[str, Any]) -> str:
        """Writes the manifest, with every file's digest; gives its own."""
        manifest = {**described, "files": dict(sorted(self.digests.items()))}
        with self.file(MANIFEST) as written:
            written.text(json.dumps(manifest, ensure_ascii=False, indent=2) + "\n")
        return written.sha256

    def put_in_place(self) -> None:
        """From now on it has its name, and is whole even if the machine loses power. Raises OSError."""
        for folder in {(self._part / name).parent for name in self.digests}:
            _sync(folder)
        self._part.rename(self.path)
        _sync(self.path.parent)

    def discard(self) -> None:
        """What broke off is no evidence."""
        shutil.rmtree(self._part, ignore_errors=True)


def _sync(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def sha256_of(path: Path) -> str:
    """Raises OSError."""
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def read_manifest(folder: Path) -> dict[str, Any]:
    """Raises Refused when there is none."""
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError) as error:
        raise Refused(f"--verify {folder}: holds no readable {MANIFEST}: {error}") from error
    if not isinstance(manifest, dict) or not isinstance(manifest.get("files"), dict):
        raise Refused(f"--verify {folder}: its {MANIFEST} is not one of an export")
    return manifest


def differences(folder: Path, manifest: dict[str, Any]) -> Iterator[str]:
    """What is not as it was sealed, one phrase each: files that changed, are missing, or came later."""
    present = {
        path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()
    }
    for name, digest in manifest["files"].items():
        if name not in present:
            yield f"{name} is missing"
        elif sha256_of(present[name]) != digest:
            yield f"{name} is not what was exported"
    for name in sorted(present.keys() - manifest["files"].keys() - {MANIFEST}):
        yield f"{name} was not exported"
