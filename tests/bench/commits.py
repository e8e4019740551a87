"""A plain commit on the archive's database, for comparison: one small row, nothing else."""

from time import perf_counter

from service.archive import Archive

_INSERT = "INSERT INTO lease (name, holder, until) VALUES ('bench', '', '') ON CONFLICT DO NOTHING"
_UPDATE = "UPDATE lease SET holder = '%d' WHERE name = 'bench'"
_DELETE = "DELETE FROM lease WHERE name = 'bench'"


class PlainCommits:
    """Commits on a connection of its own, below everything the archive adds."""

    def __init__(self, archive: Archive) -> None:
        self._connection = archive.db._writer.raw_connection()
        self._begin = "BEGIN IMMEDIATE" if archive.db.sqlite else ""
        self._number = 0
        self.seconds: list[float] = []
        self._run(_INSERT)

    def measure(self) -> None:
        """Make one commit and keep its time."""
        self._number += 1
        started = perf_counter()
        self._run(_UPDATE % self._number)
        self.seconds.append(perf_counter() - started)

    def _run(self, statement: str) -> None:
        cursor = self._connection.cursor()
        if self._begin:
            cursor.execute(self._begin)
        cursor.execute(statement)
        cursor.close()
        self._connection.commit()

    def close(self) -> None:
        """Leave nothing behind."""
        self._run(_DELETE)
        self._connection.close()
