"""The calls that send files: the OpenAPI document describes forms, and `calls` is of JSON."""

from emis_chat_client import models
from emis_chat_client.call import Call, Upload, given


def send_attachment(
    *,
    conversation_id: str,
    file_name: str,
    content: bytes,
    caption: str | None = None,
    idempotency_key: str | None = None,
) -> Call[models.Message]:
    """Send a file of up to 10 MB, a video of up to 25 MB; what it is follows from its content.

    The answer's attachment has a link (`url`) for a plain GET, which expires. As of `send_text`, and
    400: `file_empty`. 413: `image_too_large`, `audio_too_large`, `video_too_large`,
    `file_too_large`, `attachment_too_large`, `request_too_large`. 503: `storage_unavailable`.
    """
    return Call(
        "POST",
        "/api/v1/messages/attachment",
        models.Message,
        body={"conversationId": conversation_id, **given(caption=caption)},
        idempotency_key=idempotency_key,
        upload=Upload(file_name, content),
    )
