"""A process that appends to an archive's log from several threads and prints the numbers it got.

    python -m tests.appending DATA NAME THREADS TIMES
    python -m tests.appending DATA NAME die
    python -m tests.appending DATA NAME THREADS go-on

The second form holds the right to write, appends, and dies before the commit. The last one goes on
until it is killed, and says each number, a line for each, as soon as it is told it.
"""

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from service.audit import log
from service.audit.entries import Entry, PolicyRef, Subject
from service.backlog import Backlog
from service.codes import Decision, Phase
from service.db import Database
from service.driver import Driver
from service.errors import Unavailable
from service.keystore import Keystore, read_root_key
from service.permissions import Action, service_actor


def entry(name: str) -> Entry:
    """Return an entry of a process of that name."""
    return Entry(
        Phase.EVENT,
        Action.SEARCH_RUN,
        service_actor(name),
        PolicyRef("p", "0" * 64),
        Subject("search"),
        decision=Decision.ALLOW,
        detail={"by": name},
    )


def month_of(data: Path) -> log.MonthKey:
    """Return the key that seals details now."""
    keystore = Keystore.open(
        f"sqlite:///{data / 'keystore.db'}", read_root_key(data / "keys" / "root.key")
    )
    month = f"{datetime.now(UTC):%Y-%m}"
    with keystore.ring() as ring:
        key = log.MonthKey(ring.audit_month_id(month), ring.audit_month(month))
    keystore.close()
    return key


def append(backlog: Backlog, month: log.MonthKey, name: str) -> int:
    """Append one entry; who does not get the turn within two seconds asks again."""
    while True:
        try:
            return backlog.append(lambda _: entry(name), month)
        except Unavailable:
            continue


def main(data: str, name: str, threads: str, times: str = "1") -> None:
    """Append, and print the numbers as JSON."""
    folder = Path(data)
    database, month = Database(f"sqlite:///{folder / 'archive.db'}"), month_of(folder)
    if threads == "die":
        with database.write() as db:
            with Driver.joined(db.connection()) as driver:
                (head,) = driver.ask(log.LOCK)
                log.append(driver, head, [entry(name)], month)
            os._exit(9)

    backlog = Backlog(database)

    def several(thread: int) -> list[int]:
        while times == "go-on":
            sys.stdout.write(f"{append(backlog, month, name)}\n")
            sys.stdout.flush()
        return [append(backlog, month, f"{name}-{thread}") for _ in range(int(times))]

    with ThreadPoolExecutor(int(threads)) as pool:
        made = list(pool.map(several, range(int(threads))))
    database.close()
    json.dump([number for numbers in made for number in numbers], sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
