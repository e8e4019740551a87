"""`guidang anchor`: the process that signs how long the log is and what its root is.

It reads the log and writes none of it. It signs nothing that contradicts what it signed before:
the tree it signs is the one it walked itself, entry by entry, and at its start and every day it
walks all of it again. Its notes go into the database for everybody, and once a day to places
that whoever runs the database cannot reach.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from service import probing
from service.anchored import REPORT
from service.anchors.holding import Holding, State
from service.anchors.port import Place, PlaceError
from service.audit import checkpoints, rekeying
from service.audit.checkpoints import Checkpoint, NoteError, SignatureError
from service.audit.evidence import Evidence
from service.audit.notes import insert, key_name, origin_of, rekey_name
from service.audit.stored import claimed
from service.audit.verdicts import Bad, Code
from service.audit.verify import begun, head, verify
from service.audit.walking import Walk, onward
from service.db import Database
from service.errors import Unavailable
from service.health import ANCHOR, Pulse
from service.models import AuditHead, Instance
from service.models.columns import instant_text
from service.rows import add_new
from service.settings import SettingsError

log = structlog.get_logger()

#: A note is signed after so many entries, or after so long, whichever comes first.
ENTRIES = 1000
EVERY = timedelta(minutes=10)

#: Seconds between two looks, and how often an unchanged report is written again.
LOOK = 5.0
REPORT_EVERY = timedelta(minutes=1)

#: After a refusal, how long until the whole log is looked at again.
AGAIN = timedelta(minutes=10)

#: How many of a place's newest notes are looked at.
_NOTES = 20


class Anchor:
    """One anchor at work. `round` is called again and again by one thread."""

    def __init__(
        self, db: Database, holding: Holding, places: Sequence[Place], zone: ZoneInfo
    ) -> None:
        """Take the database, the anchor's own folder, where notes go, and whose days count."""
        self._db, self._holding, self._places, self._zone = db, holding, places, zone
        self._key = holding.key()
        self._state = holding.state()
        self._walk: Walk | None = None
        self._checked: str = ""
        self._refused = ""
        self._again: datetime | None = None
        self._errors: dict[str, str] = {}
        self._reported: tuple[dict[str, object], datetime] | None = None
        self._origin = ""

    @property
    def folder(self) -> Path:
        """Return the anchor's own folder."""
        return self._holding.path

    @property
    def refused(self) -> str:
        """Return why nothing is signed; empty when all is well."""
        return self._refused

    def round(self, now: datetime) -> None:
        """Look once: sign if it is time, hand out what is due, and leave a report.

        Raises `Unavailable` while the database is away.
        """
        if not self._known():
            return
        if self._refused and self._again and now < self._again:
            self._report(now)
            return
        try:
            self._look(now)
            self._refused = ""
        except Bad as bad:
            self._refuse(bad, now)
        self._hand_out(now)
        self._report(now)

    def _refuse(self, bad: Bad, now: datetime) -> None:
        """Sign nothing, and say why; the whole log is looked at again later."""
        reason = bad.code.name.lower()
        if self._refused != reason:
            log.error("anchor_refuses", code=int(bad.code), entry=bad.seq)
        self._refused = reason
        self._walk, self._again = None, now + AGAIN

    def _known(self) -> bool:
        """Find out whose log this is; before set-up there is none."""
        if not self._origin:
            with self._db.read() as db:
                self._origin = origin_of(db)
        if self._origin and not self._state.note:
            self._publish()
        return bool(self._origin)

    def _publish(self) -> None:
        """Leave the public key where everybody finds it; it proves nothing there."""
        public = self._key.public_key()
        name = key_name(checkpoints.raw(public))
        with self._db.write() as db:
            add_new(db, Instance, [{"name": name, "value": checkpoints.pem(public)}])

    def _look(self, now: datetime) -> None:
        today = now.astimezone(self._zone).date().isoformat()
        if self._walk is None or self._checked != today:
            self._walk = self._whole()
            self._checked = today
            self._store(now)
        with self._db.read() as db:
            size = db.get_one(AuditHead, 1).seq
        if size < self._walk.seq:
            # a tail that nobody signed is gone, or an older copy was put back
            self._walk = self._whole()
        signed = self._last()
        grown = size - (signed.size if signed else 0)
        if grown < 0:
            raise Bad(Code.SHORTER, size + 1, "the log is shorter than what was signed")
        since = self._state.signed
        waited = not since or now - datetime.fromisoformat(since) >= EVERY
        if grown >= ENTRIES or (grown and waited) or (grown and self._state.day != today):
            self._sign(now)

    def _last(self) -> Checkpoint | None:
        return checkpoints.parse(self._state.note).checkpoint if self._state.note else None

    def _whole(self) -> Walk:
        """Walk the whole log and compare it with everything that was signed; raises `Bad`."""
        with self._db.read() as db:
            notes = [self._state.note] if self._state.note else []
            notes += [note for note in self._elsewhere() if note not in self._state.superseded]
            evidence = Evidence(
                notes=tuple(dict.fromkeys(notes)),
                trusted=self._keys(),
                origin=self._origin,
            )
            walk = begun(db, evidence)
            report = verify(db, None, evidence=evidence, walk=walk)
            if report.code is not Code.OK:
                raise Bad(report.code, report.first_bad, report.reason)
        newest = max(notes, key=lambda n: checkpoints.parse(n).checkpoint.size, default="")
        if newest and newest != self._state.note:
            # the folder is younger than the places: it was lost, or put back from a backup
            self._state.note = newest
            self._holding.keep(self._state)
        return walk

    def _keys(self) -> tuple[Ed25519PublicKey, ...]:
        """Return the public keys that this anchor signs and has signed with."""
        older = [rekeying.read(self._origin, line).old for line in self._state.changes]
        return (self._key.public_key(), *map(Ed25519PublicKey.from_public_bytes, older))

    def _elsewhere(self) -> list[str]:
        """Return the notes that the places hold and that this anchor signed."""
        found = []
        for place in self._places:
            try:
                notes = place.notes(_NOTES)
            except PlaceError as error:
                self._errors[place.name] = str(error)
                continue
            for note in notes:
                try:
                    checkpoint = checkpoints.verify(note, self._keys())
                except (NoteError, SignatureError):
                    log.warning("note_not_ours", place=place.name)
                    continue
                if checkpoint.origin == self._origin:
                    found.append(note)
        return found

    def _sign(self, now: datetime) -> None:
        """Walk on to the end of the log and sign that; raises `Bad`."""
        walk = self._walk or self._whole()
        with self._db.read() as db:
            walk.claimed = claimed(db)
            onward(db, walk, None)
            try:
                head(db, walk)
            except Bad:
                self._walk = None  # a tail that nobody signed was lost: look at all of it again
                raise
        note = checkpoints.sign(Checkpoint(self._origin, walk.seq, walk.root), self._key)
        today = now.astimezone(self._zone).date().isoformat()
        self._state = replace(self._state, note=note, signed=instant_text(now), day=today)
        self._holding.keep(self._state)
        self._store(now)

    def _store(self, now: datetime) -> None:
        """Put the last note where everybody finds it."""
        last = self._last()
        if last is None:
            return
        with self._db.write() as db:
            insert(db, last.size, self._state.note, now)

    # -- places ------------------------------------------------------------------------------

    def _hand_out(self, now: datetime) -> None:
        """Give each place the note of the day; one that did not take it is asked again."""
        today = now.astimezone(self._zone).date().isoformat()
        if self._places and not self._state.since:
            self._state.since = instant_text(now)
            self._holding.keep(self._state)
        if self._refused or not self._state.note:
            return
        for place in self._places:
            given = self._state.given.get(place.name, {})
            if given.get("day") == today:
                continue
            try:
                self._give(place)
            except PlaceError as error:
                if self._errors.get(place.name) != str(error):
                    log.warning("anchor_unreached", place=place.name)
                self._errors[place.name] = str(error)
                continue
            self._errors.pop(place.name, None)
            self._state.given[place.name] = {"day": today, "at": instant_text(now)}
            self._holding.keep(self._state)

    def _give(self, place: Place) -> None:
        last = self._last()
        if last is None:
            return
        place.put(f"{last.size:016d}.note", self._state.note)
        public = self._key.public_key()
        name = rekeying.fingerprint(checkpoints.raw(public))
        if place.name != "mail":
            place.put(f"pub-{name}.pem", checkpoints.pem(public))
            for line in self._state.changes:
                change = rekeying.read(self._origin, line)
                place.put(f"{rekey_name(change.new).replace(':', '-')}.txt", f"{line}\n")

    # -- what others are told ----------------------------------------------------------------

    def _report(self, now: datetime) -> None:
        body = self._body()
        if self._reported is not None:
            said, at = self._reported
            if said == body and now - at < REPORT_EVERY:
                return
        with self._db.write() as db:
            probing.put(db, REPORT, body)
        self._reported = (body, now)

    def _body(self) -> dict[str, object]:
        last = self._last()
        public = checkpoints.raw(self._key.public_key())
        return {
            "size": last.size if last else None,
            "signed": self._state.signed or None,
            "refused": self._refused,
            "since": self._state.since or None,
            "key": rekeying.fingerprint(public),
            "places": [
                {
                    "name": place.name,
                    "outside": place.outside,
                    "taken": self._state.given.get(place.name, {}).get("at"),
                    "error": self._errors.get(place.name, ""),
                }
                for place in self._places
            ],
        }


def keep_anchoring(anchor: Anchor, stopped: threading.Event, *, every: float = LOOK) -> None:
    """Go round until `stopped` is set; `every` is in seconds."""
    pulse = Pulse(anchor.folder, ANCHOR)
    while not stopped.is_set():
        going(lambda: anchor.round(datetime.now(UTC)))
        pulse.beat()
        stopped.wait(every)


def going(once: Callable[[], None]) -> None:
    """Do it; what is away is told, and the next round may find it again."""
    try:
        once()
    except Unavailable as error:
        log.warning("part_away", part=error.part)
    except SettingsError:
        raise
    except Exception:
        log.exception("anchor_round_failed")


def forget(state: State, note: str) -> State:
    """Return the state of an anchor that goes on from what is left after a restore."""
    return replace(
        state,
        note="",
        signed="",
        given={},
        superseded=[*state.superseded, *([note] if note else [])],
    )
