"""What an operation takes and answers, stated next to it: the description is made from this.

Input is not checked before the view runs: whether a person may know a thing comes before
anything that is said about their request. So a view reads its input itself, inside its call
(`web.api.asking`), with the schemas stated here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from marshmallow import Schema

from web.api import responses
from web.api.schemas import Conditions, Keys, Nothing, Ranges

View = TypeVar("View", bound=Callable[..., Any])

#: Statuses with which any operation may refuse.
ALWAYS = frozenset({401, 422, 429, 503})


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the API. `refuses` adds statuses to those that follow from the rest."""

    answers: Mapping[int, type[Schema] | None]
    query: type[Schema] = Nothing
    body: type[Schema] | None = None
    form: type[Schema] | None = None
    conditional: bool = False
    ranges: bool = False
    public: bool = False
    refuses: frozenset[int] = frozenset()

    @property
    def repeatable(self) -> bool:
        """Say whether it may be sent again under an idempotency key."""
        takes = self.body is not None or self.form is not None
        return self.conditional or takes or 204 in self.answers  # noqa: PLR2004 - it takes away

    @property
    def refusals(self) -> frozenset[int]:
        """Return every status with which this operation may refuse."""
        found = set() if self.public else set(ALWAYS | self.refuses)
        if self.conditional:
            found |= {404, 412, 428}
        if self.repeatable:
            found |= {409, 413, 415}
        return frozenset(found)

    @property
    def headers(self) -> tuple[Schema, ...]:
        """Return the headers it reads."""
        found: list[Schema] = []
        if self.conditional:
            found.append(Conditions())
        if self.repeatable:
            found.append(Keys())
        if self.ranges:
            found.append(Ranges())
        return tuple(found)


def operation(
    *statuses: int,
    answers: Mapping[int, type[Schema] | None],
    query: type[Schema] = Nothing,
    body: type[Schema] | None = None,
    form: type[Schema] | None = None,
    conditional: bool = False,
    ranges: bool = False,
    public: bool = False,
) -> Callable[[View], View]:
    """State what a view takes and answers; `statuses` are its own ways to refuse."""
    stated = Operation(answers, query, body, form, conditional, ranges, public, frozenset(statuses))

    def decorate(view: View) -> View:
        spec: dict[str, Any] = {"operation": stated, "operation_id": view.__name__}
        spec["args"] = [(stated.query(), "query"), *((h, "headers") for h in stated.headers)]
        spec["responses"] = responses.described(stated)
        if not public:
            spec["security"] = "bearer"
        if body:
            spec |= {"body": body(), "content_type": "application/json"}
        if form:
            spec |= {"body": form(), "content_type": "multipart/form-data"}
        view._spec = spec  # type: ignore[attr-defined]  # noqa: SLF001 - where APIFlask reads it
        return view

    return decorate


def stated_by(view: Callable[..., Any]) -> Operation:
    """Return what a view states of itself."""
    found: Operation = view._spec["operation"]  # type: ignore[attr-defined]  # noqa: SLF001
    return found
