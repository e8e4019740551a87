"""What every process does now and then: adds up figures, says that it lives, minds the schema.

It also keeps the newest signed note beside the database, and logs a change of its key.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version

import structlog

from service import figures, hosts, jobs, probing, rekeyed, restored, schema
from service.archive import Archive
from service.errors import Unavailable
from service.policy import PolicyError

log = structlog.get_logger()

#: Seconds between two rounds.
BEAT = 10.0


def keep(
    archive: Archive,
    part: str,
    *,
    told: Mapping[str, object] | None = None,
    every: float = BEAT,
    outdated: Callable[[], None] = hosts.stop_this_process,
) -> None:
    """Go round in a thread as long as the process lives; `part` is `web` or `worker`.

    `outdated` is called when another version of guidang has migrated the database, or a policy
    is in force that this one does not understand. `every` is in seconds. `told` is what the
    status page shall know of this process.
    """

    def rounds() -> None:
        pause = threading.Event()
        while go_round(archive, part, told):
            pause.wait(every)
        outdated()

    threading.Thread(target=rounds, name="upkeep", daemon=True).start()


def go_round(archive: Archive, part: str, told: Mapping[str, object] | None = None) -> bool:
    """Do it once; return whether schema and policy are this program's.

    What fails as nobody expected is logged, and neither ends the round nor those after it.
    """
    try:
        with _going_on(), archive.db.read() as db:
            if schema.revision(db) != schema.head():
                log.error("database_of_another_version", program=schema.head())
                return False
            archive.policies.current(db)
        with _going_on():
            figures.add_up(archive.db)
        with _going_on(), archive.db.read() as db:
            restored.remember(db, archive.settings.data)
        with _going_on():
            rekeyed.record(archive)
        with _going_on(), archive.db.write() as db:
            probing.alive(db, part, jobs.holder(), {"version": version("guidang"), **(told or {})})
    except PolicyError:
        log.exception("policy_of_another_version")
        return False
    except Unavailable as error:  # the next round may find it again
        log.warning("part_away", part=error.part)
    return True


@contextmanager
def _going_on() -> Iterator[None]:
    """Log what nobody expected."""
    try:
        yield
    except (PolicyError, Unavailable):
        raise
    except Exception:
        log.exception("upkeep_failed")
