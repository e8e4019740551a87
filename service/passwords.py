"""Passwords: argon2id hashes, and a check that costs the same for unknown accounts."""

import secrets
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from service.errors import Invalid

_LONGEST = 256

#: lower case
_COMMON = frozenset(
    "password 12345678 123456789 1234567890 qwertyuiop 1qaz2wsx3edc admin123 administrator "
    "guidang guidang123 woaini1314 5201314520 iloveyou abc123456 a123456789 11111111 00000000 "
    "88888888 66666666 1q2w3e4r5t passw0rd welcome1 letmein123 changeme "
    "admin welcome letmein qwerty woaini".split()
)

#: what comes one after the other: digits, and the rows of keys
_ROWS = ("0123456789" * 2, "9876543210" * 2, "qwertyuiopasdfghjklzxcvbnm", "1qaz2wsx3edc4rfv5tgb")

#: characters of a password that are not the same as another
_DIFFERENT = 4

_AROUND = "0123456789 !@#$%^&*()-_=+.,?~"


class Hasher:
    """Makes hashes of passwords, and checks passwords against them."""

    def __init__(self, *, passes: int = 2, kibibytes: int = 19456) -> None:
        """Hash at this cost. OWASP's minimum for argon2id is two passes over 19 MiB, one lane."""
        self._argon = PasswordHasher(time_cost=passes, memory_cost=kibibytes, parallelism=1)
        #: verified when the account is unknown, so that both answers take the same time
        self._nobody = self._argon.hash(secrets.token_hex(16))

    def hashed(self, password: str) -> str:
        """Return the PHC string of a password."""
        return self._argon.hash(_normal(password))

    def matches(self, password: str, stored: str | None) -> bool:
        """Say whether a password fits a stored hash; with no hash it takes as long and says no."""
        try:
            self._argon.verify(stored or self._nobody, _normal(password)[:_LONGEST])
        except (VerificationError, InvalidHashError):
            return False
        return stored is not None

    def outdated(self, stored: str) -> bool:
        """Say whether a hash was made at another cost than this one's."""
        return self._argon.check_needs_rehash(stored)


#: what an archive has unless it is given another
HASHER = Hasher()


def check(password: str, *, shortest: int, login: str) -> None:
    """Refuse a password that is too short, too long, too common or the account's own name."""
    plain = _normal(password)
    if len(plain) < shortest:
        raise Invalid(
            "A password needs at least %(shortest)s characters.",
            fields={"password": "too_short"},
            shortest=shortest,
        )
    if len(plain) > _LONGEST:
        raise Invalid("A password may have 256 characters at most.", fields={"password": "long"})
    if _guessed(plain.lower(), login.lower()):
        raise Invalid(
            "This password is too easy to guess; choose another one.", fields={"password": "common"}
        )


def _guessed(lowered: str, login: str) -> bool:
    """Say whether it is among the first that anybody would try."""
    if len(set(lowered)) < _DIFFERENT or (login and login in lowered):
        return True
    if any(lowered in row for row in _ROWS):
        return True
    # a common word stays one with a year and a sign behind it, or said twice
    word = lowered.strip(_AROUND)
    half = word[: len(word) // 2]
    return lowered in _COMMON or (half if half * 2 == word else word) in _COMMON


def generated() -> str:
    """Return a random password that people can type: five groups of four letters and digits."""
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(alphabet) for _ in range(4)) for _ in range(5))


def _normal(password: str) -> str:
    return unicodedata.normalize("NFKC", password)
