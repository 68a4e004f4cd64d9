"""The identity provider's public keys (JWKS), read when needed and kept for a while."""

import logging
import time
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any

from jwt import PyJWK, PyJWKClient, PyJWKSet

from chat_project.api.errors import NotAuthenticated, Unavailable

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 2
FRESH_SECONDS = 300  # then the set is read again: a key that was withdrawn verifies nothing more
USABLE_SECONDS = 3_600  # a known key serves so long while the provider is away
READ_AGAIN_AFTER_SECONDS = 30  # for an unknown kid: anyone can invent one
TRY_AGAIN_AFTER_SECONDS = 5  # after a failure, so that threads do not queue for a dead server


class SigningKeys:
    """One provider's RSA keys by `kid`. Safe among threads; one of them reads for all.

    `clock` gives seconds that only grow.
    """

    def __init__(self, url: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._client = PyJWKClient(url, cache_jwk_set=False, timeout=TIMEOUT_SECONDS)
        self._keys: Mapping[str, PyJWK] = {}
        self._read_at = float("-inf")
        self._failed_at = float("-inf")
        self._lock = Lock()

    def rs256_key(self, kid: Any) -> Any:
        """The public key of that id.

        Raises NotAuthenticated for an unknown id, Unavailable (`identity_provider_unavailable`)
        when the provider does not answer and no known key helps. Blocks for 2 s at most, and
        only when the set has to be read.
        """
        if self._must_read(kid):
            self._read(kid)
        key = self._key(kid)
        age = self._clock() - self._read_at
        if key is not None and age < USABLE_SECONDS:
            return key.key
        if age >= FRESH_SECONDS:
            raise Unavailable(
                "The identity provider does not answer", code="identity_provider_unavailable"
            )
        raise NotAuthenticated(
            "The token is not valid: its key (kid) is unknown", code="invalid_token"
        )

    def _key(self, kid: Any) -> PyJWK | None:
        """A token without a kid is meant for the only key, if there is but one."""
        if kid is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(kid) if isinstance(kid, str) else None

    def _must_read(self, kid: Any) -> bool:
        now = self._clock()
        if now - self._failed_at < TRY_AGAIN_AFTER_SECONDS:
            return False
        age = now - self._read_at
        return age >= FRESH_SECONDS or (self._key(kid) is None and age >= READ_AGAIN_AFTER_SECONDS)

    def _read(self, kid: Any) -> None:
        if not self._lock.acquire(timeout=TIMEOUT_SECONDS):
            return
        try:
            if self._must_read(kid):
                self._keys = _rsa_keys(self._client.fetch_data())
                self._read_at = self._clock()
        except Exception as error:  # whatever the other side sends, known keys go on serving
            self._failed_at = self._clock()
            logger.warning("JWKS cannot be read: %s", error)
        finally:
            self._lock.release()


def _rsa_keys(document: dict[str, Any]) -> dict[str, PyJWK]:
    return {
        key.key_id: key
        for key in PyJWKSet.from_dict(document).keys
        if key.key_id and key.public_key_use in ("sig", None) and key.algorithm_name == "RS256"
    }
