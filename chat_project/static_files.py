"""Static files under names that change with their content, once they are collected."""

from typing import Any

from typing_extensions import override
from whitenoise.storage import CompressedManifestStaticFilesStorage


class CollectedOrFound(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # untyped
    """Without `collectstatic` the files keep their plain names, under which whitenoise finds them."""

    @override
    def stored_name(self, name: str) -> Any:
        return super().stored_name(name) if self.hashed_files else name
