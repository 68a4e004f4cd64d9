"""Where the files of messages are kept: a folder, or a bucket of an S3-compatible server."""

from typing import Any

from chat_project.settings.environment import BASE_DIR, Environment, environment

_FOLDER = BASE_DIR / environment().attachment_folder

ATTACHMENT_INCOMING = _FOLDER / "incoming"
"""Uploads on their way: on the disk of the files, so that they are moved there and not copied, and
not in a temporary folder that may be memory. Made at its first use."""

_LARGER_THAN_ANY_FILE = 32_000_000  # bytes

_FOLDER_STORAGE: dict[str, Any] = {
    "BACKEND": "django.core.files.storage.FileSystemStorage",
    "OPTIONS": {
        "location": _FOLDER / "files",
        "file_permissions_mode": 0o640,
        "directory_permissions_mode": 0o750,
    },
}


def bucket_storage(given: Environment) -> dict[str, Any]:
    """The clients are imported only where they are used, for they are large."""
    from boto3.s3.transfer import TransferConfig
    from botocore.config import Config

    return {
        "BACKEND": "messaging.attachments.bucket.BucketStorage",
        "OPTIONS": {
            "bucket_name": given.attachment_bucket,
            "endpoint_url": given.attachment_bucket_endpoint_url,
            "region_name": given.attachment_bucket_region,
            "access_key": given.attachment_bucket_access_key,
            "secret_key": given.attachment_bucket_secret_key,
            # A file goes in one piece, from disk: parts would be held in memory, and a broken
            # upload would leave some in the bucket.
            "transfer_config": TransferConfig(
                use_threads=False, multipart_threshold=_LARGER_THAN_ANY_FILE
            ),
            "client_config": Config(
                connect_timeout=2,
                read_timeout=10,
                retries={"total_max_attempts": 2, "mode": "standard"},
                signature_version="s3v4",
                s3={"addressing_style": "path"},  # no DNS name for each bucket is needed
                # Other servers than Amazon's do not all know its newer checksums.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        },
    }


ATTACHMENT_STORAGE = (
    bucket_storage(environment()) if environment().attachment_bucket else _FOLDER_STORAGE
)
