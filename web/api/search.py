"""Search."""

from typing import Any

from flask import Response

from service import finding
from service.audit.entries import Subject
from service.codes import Sort
from service.permissions import Action
from service.search.port import Filters
from web import forms
from web.api import asking
from web.api.answering import shown
from web.api.asking import Read, opened
from web.api.blueprint import api
from web.api.operation import operation
from web.api.schemas import SearchQuery
from web.api.shown.answers import AnswerShown

_GROUPS = ("category", "module", "kind", "customer", "owner", "grade", "year")


@api.get("/search")
@operation(query=SearchQuery, answers={200: AnswerShown})
def search() -> Response:
    """Find documents inside what one may read; logged under the number in `event`."""
    with opened(Action.SEARCH_RUN, Subject("search"), detail=forms.as_sent()) as call:
        asked = asking.query()
        answer = finding.search(call, _question(asked))
    return shown(AnswerShown, _answer(answer, call.event))


def _question(asked: Read) -> finding.Question:
    groups = {name: frozenset(asked[name]) for name in _GROUPS}
    return finding.Question(
        q=asked["q"],
        filters=Filters(**groups, day_from=asked["from_"], day_to=asked["to"]),
        sort=Sort(asked["sort"]),
        limit=asked["limit"],
        cursor=asked.get("cursor"),
    )


def _answer(answer: finding.Answer, event: int | None) -> dict[str, Any]:
    return {
        "total": answer.total,
        "items": [_item(result) for result in answer.items],
        "facets": answer.facets,
        "next_cursor": answer.next_cursor,
        "event": event,
    }


def _item(result: finding.Result) -> dict[str, Any]:
    return {
        "document": result,
        "customer": result.customer,
        "pages": [page.no for page in result.pages],
        "snippets": result.snippets,
    }
