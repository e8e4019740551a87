"""Search: find the page. The address holds the whole question, so it can be shared."""

from flask import Blueprint, g, render_template
from flask.typing import ResponseReturnValue

from service import finding
from service.audit.entries import Subject
from service.permissions import Action
from web import answers, forms

pages = Blueprint("search", __name__)


@pages.get("/search")
def show() -> ResponseReturnValue:
    """Answer the question in the address; it is logged before it is asked."""
    question = forms.question()
    asked = forms.as_sent()
    with g.archive.call(g.actor, Action.SEARCH_RUN, Subject("search"), detail=asked) as call:
        answer = finding.search(call, question)
    return render_template(
        "search.html",
        question=question,
        answer=answer,
        event=call.event,
        groups=answers.groups(answer),
        chips=answers.chips(answer.owners),
        pager=answers.pager(answer),
        unfiltered=answers.unfiltered(),
        exported=answers.exported(),
    )
