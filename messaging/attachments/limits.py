"""How large a file may be (contract section 6), in decimal bytes as all sizes of the contract."""

MEGABYTE = 1_000_000

LIMIT_BYTES = {
    "Image": 10 * MEGABYTE,
    "Audio": 10 * MEGABYTE,
    "File": 10 * MEGABYTE,
    "Video": 25 * MEGABYTE,
}
"""By message type."""

MAX_FILE_BYTES = max(LIMIT_BYTES.values())
MAX_REQUEST_BYTES = MAX_FILE_BYTES + 100_000
"""The largest file, and what the form has besides: a caption takes 20 KB at most."""

MAX_PIXELS = 8_192 * 6_144
"""The largest picture that usual phone cameras take.

For one thumbnail at a time it takes memory: a WebP up to 850 MB, others up to 480 MB (measured).
"""
