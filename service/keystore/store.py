"""The keystore: wrapped keys, every change written to two databases or to none.

The mirror is written first inside the primary's transaction: whatever the primary holds, the
mirror holds too. A row left in the mirror by a crash between the two commits is harmless; it is
overwritten when its subject gets its key. A mirror that was lost is filled again at the next
start, once its file or tables are gone.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Self

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from service.crypto import Corrupt, new_key
from service.errors import Unavailable
from service.keystore.database import (
    Content,
    KeyDatabase,
    copy_all,
    instance_of,
    put,
    remove,
)
from service.keystore.refusals import KeyExists, OtherKeystore, WrongRootKey
from service.keystore.ring import Ring
from service.keystore.root import RootKey
from service.keystore.rows import KeyRow, Kind, keys, meta


class Mirror(StrEnum):
    """Whether the second copy is what it should be."""

    NONE = "none"
    AGREES = "agrees"
    DIFFERS = "differs"
    AWAY = "away"


@dataclass(frozen=True, slots=True)
class State:
    """What the status page says of the keystore. `newest` is when the last key was made."""

    instance: str
    keys: int
    destructions: int
    newest: datetime | None
    mirror: Mirror


class Keystore:
    """All keys, wrapped; `ring()` unwraps them for one call. May be used by many threads."""

    def __init__(
        self, primary: KeyDatabase, mirror: KeyDatabase | None, root: RootKey, instance: str
    ) -> None:
        """Use `open`."""
        self._primary = primary
        self._mirror = mirror
        self.root = root
        self.instance = instance

    @classmethod
    def open(cls, url: str, root_key: RootKey, *, mirror_url: str | None = None) -> Self:
        """Open a keystore, make it at the first start, and fill an empty mirror.

        Raises `KeystoreRefused` (wrong root key, newer schema, foreign mirror) or
        `Unavailable("keystore")`.
        """
        if mirror_url == url:
            raise OtherKeystore("The mirror of the keystore is the keystore itself.")
        primary = KeyDatabase(url)
        mirror = KeyDatabase(mirror_url) if mirror_url else None
        keystore = cls(primary, mirror, root_key, primary.prepare())
        try:
            keystore._fill_mirror()
            keystore._prove_root_key()
        except BaseException:
            keystore.close()
            raise
        return keystore

    def ring(self) -> Ring:
        """Return a key ring for one call."""
        return Ring(self)

    def find(self, kind: Kind, subjects: Iterable[str]) -> list[KeyRow]:
        """Return the wrapped keys of these subjects, as far as there are any."""
        return self._primary.find(kind, subjects)

    def find_versions(self, versions: Iterable[str]) -> list[KeyRow]:
        """Return the wrapped keys of these versions and the keys that wrap them."""
        return self._primary.find_versions(versions)

    def find_with_tokens(self, kind: Kind, subject: str) -> list[KeyRow]:
        """Return the wrapped key of this subject and those of all blind and content tokens."""
        return self._primary.find_with_tokens(kind, subject)

    def detail_key(self, key_id: str) -> bytes | None:
        """Return the key of log details by the id of its row; None if it was erased."""
        row = self._primary.find_id(key_id)
        if row is None or row.kind != Kind.AUDIT_MONTH:
            return None
        return row.unwrap(self.root.key)

    def add(self, row: KeyRow) -> None:
        """Store a new key in both databases; raises `KeyExists`."""
        try:
            self._store(row, None)
        except IntegrityError as error:
            raise KeyExists(row.kind, row.subject) from error

    def replace(self, before: KeyRow, after: KeyRow) -> None:
        """Store a key that was wrapped anew, in both databases."""
        self._store(after, before)

    def destroy(self, kind: Kind, subject: str) -> bool:
        """Take a key out of both databases for ever, and count that; say whether there was one."""
        with self._primary.write() as connection:
            row = connection.execute(
                select(keys.c.id).where(keys.c.kind == kind, keys.c.subject == subject)
            ).first()
            if row is None:
                return False
            n = connection.execute(select(meta.c.destructions)).scalar_one() + 1
            now = datetime.now(UTC)
            remove(connection, row.id, now, n)
            if self._mirror is not None:
                with self._mirror.write() as mirror:
                    remove(mirror, row.id, now, n)
        return True

    def state(self) -> State:
        """Compare both databases row by row, and count."""
        content = self._primary.content()
        mirror = self._compare(content)
        if mirror is Mirror.DIFFERS:  # perhaps only because somebody wrote in between
            with self._primary.write():
                content = self._primary.content()
                mirror = self._compare(content)
        return State(self.instance, content.keys, content.destructions, content.newest, mirror)

    def _compare(self, content: Content) -> Mirror:
        if self._mirror is None:
            return Mirror.NONE
        try:
            same = self._mirror.content() == content
        except Unavailable:
            return Mirror.AWAY
        return Mirror.AGREES if same else Mirror.DIFFERS

    def check(self) -> None:
        """Raise `Unavailable("keystore")` unless both databases answer."""
        self._primary.check()
        if self._mirror is not None:
            self._mirror.check()

    def close(self) -> None:
        """Close all connections."""
        self._primary.close()
        if self._mirror is not None:
            self._mirror.close()

    def _store(self, row: KeyRow, before: KeyRow | None) -> None:
        try:
            with self._primary.write() as connection:
                if before is None:
                    connection.execute(insert(keys).values(row.values()))
                else:
                    same = keys.c.id == before.id
                    connection.execute(update(keys).where(same).values(row.values()))
                if self._mirror is not None:
                    with self._mirror.write() as mirror:
                        put(mirror, row)
        except Unavailable:
            self._settle(row)
            raise

    def _settle(self, row: KeyRow) -> None:
        """After a failed write make the mirror hold what the primary holds, if both let us.

        The primary is asked because a commit that reported failure may have happened.
        """
        if self._mirror is None:
            return
        with suppress(Unavailable):
            kept = self.find(row.kind, [row.subject])
            with self._mirror.write() as mirror:
                if kept:
                    put(mirror, kept[0])
                else:
                    mirror.execute(delete(keys).where(keys.c.id == row.id))

    def _fill_mirror(self) -> None:
        if self._mirror is None:
            return
        with self._primary.write() as primary, self._mirror.write() as mirror:
            owner = instance_of(mirror)
            if owner is None:
                copy_all(primary, mirror)
            elif owner != self.instance:
                raise OtherKeystore(
                    "The mirror holds the keys of another keystore. "
                    "If the keystore was lost, restore it from the mirror."
                )

    def _prove_root_key(self) -> None:
        """Store something wrapped by the root key at the first start; later, unwrap it."""
        fresh = KeyRow(Kind.ROOT_CHECK, str(self.root.epoch), self.root.epoch)
        with self._primary.read() as connection:
            empty = connection.execute(select(keys.c.id).limit(1)).first() is None
        if empty:
            with suppress(KeyExists):
                self.add(fresh.wrap(new_key(), self.root.key))
        rows = self.find(fresh.kind, [fresh.subject])
        if not rows:
            raise WrongRootKey(f"The keystore has no root key of epoch {self.root.epoch}.")
        try:
            rows[0].unwrap(self.root.key)
        except Corrupt as error:
            raise WrongRootKey(
                "The root key is not the one this keystore was made with."
            ) from error
