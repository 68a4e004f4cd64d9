"""Bearer tokens: who signed them decides the key, what they claim decides the user.

HS256 with JWT_SECRET, RS256 with the keys of JWT_JWKS_URL; both may be configured. The key is
chosen by the header's `alg` and is good for that algorithm alone. Claims: contract section 5.
"""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeGuard

import jwt

from chat_project.api.errors import ApiError, NotAuthenticated
from chat_project.api.signing_keys import FRESH_SECONDS, SigningKeys
from chat_project.api.verified_tokens import VerifiedTokens
from chat_project.identifiers import canonical_id
from chat_project.settings.environment import environment
from chat_project.texts import (
    MAX_ID_LENGTH,
    MAX_NAME_UTF16_UNITS,
    is_unicode,
    without_controls,
)

USER_CLAIMS = (
    "UserId",
    "sub",
    "nameid",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier",
)
TENANT_CLAIMS = ("TenantId",)
NAME_CLAIMS = ("name", "unique_name", "UserName")

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class TokenUser:
    """Who asks: ids are canonical; `name` is the token's, at most 255 UTF-16 units, or None."""

    user_id: str
    tenant_id: str
    name: str | None
    is_authenticated: bool = True


@lru_cache(maxsize=1)
def token_verifier() -> "TokenVerifier":
    """The verifier of this process, as the environment says."""
    given = environment()
    return TokenVerifier(
        issuer=given.jwt_issuer,
        audience=given.jwt_audience,
        skew_seconds=given.jwt_clock_skew_seconds,
        secret=given.jwt_secret,
        signing_keys=SigningKeys(given.jwt_jwks_url) if given.jwt_jwks_url else None,
    )


class TokenVerifier:
    """Verifies tokens and remembers the good ones until they expire. Safe among threads.

    One that the identity provider has signed is remembered for FRESH_SECONDS at most, for its key
    may be withdrawn. `clock` gives epoch seconds.
    """

    def __init__(
        self,
        *,
        issuer: str,
        audience: str,
        skew_seconds: int,
        secret: str | None = None,
        signing_keys: SigningKeys | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._issuer = issuer
        self._audience = audience
        self._skew_seconds = skew_seconds
        self._secret = secret
        self._signing_keys = signing_keys
        self._clock = clock
        self._verified = VerifiedTokens[TokenUser]()

    def verify(self, token: str) -> TokenUser:
        """Raises NotAuthenticated (`invalid_token`, `token_expired`), or Unavailable when the
        identity provider's keys cannot be read. May block for that: 2 s at most.
        """
        remembered = self._verified.get(token, self._clock())
        if remembered is not None:
            return remembered
        claims, algorithm = self._checked_claims(token)
        user = _user_of(claims)
        self._verified.remember(token, user, self._good_until(claims, algorithm))
        return user

    def _good_until(self, claims: Mapping[str, Any], algorithm: str) -> float:
        """`exp` was checked, and may be any whole number, also one too large for a float."""
        end = int(claims["exp"]) + self._skew_seconds
        return min(end, self._clock() + FRESH_SECONDS) if algorithm == "RS256" else end

    def _checked_claims(self, token: str) -> tuple[Mapping[str, Any], str]:
        """And the algorithm of the signature."""
        try:
            key, algorithm = self._key_for(jwt.get_unverified_header(token))
            claims: Mapping[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                issuer=self._issuer,
                audience=self._audience,
                leeway=self._skew_seconds,
                options={"require": ["exp", "iss", "aud"], "verify_sub": False},
            )
        except ApiError:
            raise
        except jwt.ExpiredSignatureError:
            raise NotAuthenticated("The token has expired", code="token_expired") from None
        except Exception as error:  # a hostile token can make the decoder fail in any way
            raise _invalid(_reason(error)) from None
        return claims, algorithm

    def _key_for(self, header: Mapping[str, Any]) -> tuple[Any, str]:
        algorithm = header.get("alg")
        if algorithm == "HS256" and self._secret:
            return self._secret, "HS256"
        if algorithm == "RS256" and self._signing_keys:
            return self._signing_keys.rs256_key(header.get("kid")), "RS256"
        accepted = {"HS256": self._secret, "RS256": self._signing_keys}
        names = " or ".join(name for name, key in accepted.items() if key)
        raise _invalid(f"it must be signed with {names}")


def is_id(value: object) -> TypeGuard[str]:
    """Whether the service takes it as the id of a user or of a tenant."""
    return isinstance(value, str) and 0 < len(value) <= MAX_ID_LENGTH and _is_text(value)


def _user_of(claims: Mapping[str, Any]) -> TokenUser:
    return TokenUser(
        user_id=_id_claim(claims, USER_CLAIMS),
        tenant_id=_id_claim(claims, TENANT_CLAIMS),
        name=_name(claims),
    )


def _id_claim(claims: Mapping[str, Any], names: tuple[str, ...]) -> str:
    for name in names:
        value = claims.get(name)
        if value is None:
            continue
        if not is_id(value):
            raise _invalid(f"claim {name} must be a text of 1 to {MAX_ID_LENGTH} characters")
        return canonical_id(value)
    raise _invalid(f"claim {' or '.join(names[:3])} is missing")


def _name(claims: Mapping[str, Any]) -> str | None:
    given = (claims.get(name) for name in NAME_CLAIMS)
    names = (without_controls(value) for value in given if isinstance(value, str))
    name = next((value for value in names if value), None)
    if name is None:
        return None
    units = name.encode("utf-16-le", "ignore")[: 2 * MAX_NAME_UTF16_UNITS]
    return units.decode("utf-16-le", "ignore")


def _is_text(value: str) -> bool:
    """Without a control character: a message under an id that has one could never be stored
    (`messaging.events.Id`)."""
    return is_unicode(value) and not _CONTROL.search(value)


def _invalid(reason: str) -> NotAuthenticated:
    return NotAuthenticated(f"The token is not valid: {reason}", code="invalid_token")


def _reason(error: Exception) -> str:
    """Why, in words that tell nothing about keys."""
    reasons: dict[type[Exception], str] = {
        jwt.InvalidSignatureError: "its signature is wrong",
        jwt.InvalidIssuerError: "its issuer (iss) is not the expected one",
        jwt.InvalidAudienceError: "its audience (aud) is not the expected one",
        jwt.ImmatureSignatureError: "it is not valid yet (nbf, iat)",
        jwt.MissingRequiredClaimError: f"{error}",
    }
    return reasons.get(type(error), "it cannot be read")
