"""The questions of `queries.txt`, as a client sends them and as an engine gets them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from time import perf_counter
from urllib.parse import parse_qsl

from service import accounts, finding, signins, texts
from service.archive import Archive
from service.codes import Sort
from service.finding import Question
from service.permissions import scopes
from service.search import planner
from service.search.port import Filters, Search

_GROUPS = ("category", "module", "kind", "customer", "owner", "grade")


@dataclass(frozen=True, slots=True)
class Query:
    """What is typed, and the other parameters."""

    q: str
    parameters: tuple[tuple[str, str], ...] = ()

    @property
    def sent(self) -> list[tuple[str, str]]:
        """Return the whole query string as pairs."""
        return [("q", self.q), *self.parameters]

    @property
    def question(self) -> Question:
        """Return what the API makes of it."""

        def values(name: str) -> list[str]:
            return [value for key, value in self.parameters if key == name]

        def day(name: str) -> date | None:
            return next((date.fromisoformat(value) for value in values(name)), None)

        filters = Filters(
            **{name: frozenset(values(name)) for name in _GROUPS},
            year=frozenset(map(int, values("year"))),
            day_from=day("from"),
            day_to=day("to"),
        )
        sort = Sort(next(iter(values("sort")), "relevance"))
        return Question(self.q, filters, sort, limit=int(next(iter(values("limit")), 20)))


def read() -> list[Query]:
    """Return the benchmark's queries in the order of the file."""
    lines = Path(__file__).with_name("queries.txt").read_text("utf-8").splitlines()
    found = []
    for line in lines:
        if line and not line.startswith("#"):
            q, _, parameters = line.partition("\t")
            found.append(Query(q, tuple(parse_qsl(parameters))))
    return found


@dataclass(frozen=True, slots=True)
class Replay:
    """Sends what the service would send for somebody straight to the engine."""

    archive: Archive
    login: str

    def searches(self, query: Query) -> Iterator[Search]:
        """Yield the searches of a query, to be tried until one finds something."""
        with self.archive.db.read() as db, self.archive.ring() as ring:
            person = accounts.person_by_login(db, self.login) or ""
            actor = signins.actor_of(db, person, via="token")
            assert actor is not None
            readable = scopes(self.archive.policies.current(db), actor)
            plan = planner.plan(query.q, texts.blinder(ring))
        question = query.question
        for step in plan.steps or (None,):
            asked = finding._search(readable, question)
            yield Search(
                scopes=readable,
                query=step,
                filters=question.filters,
                sort=asked.sort,
                limit=asked.limit,
            )

    def seconds(self, searches: list[Search]) -> tuple[float, int]:
        """Ask as the service does; return the time it took and how many were found."""
        started = perf_counter()
        total = 0
        for search in searches:
            total = self.archive.engine.search(search).total
            if total:
                break
        return perf_counter() - started, total
