"""What the log shows as a whole: figures, what stands out, and words in what was sealed."""

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from service import auditing, log_figures, log_folding, sealed_words, unusual_news
from service.audit.entries import Subject
from service.permissions import Action
from web import errors, forms, guard, plots

pages = Blueprint("watch", __name__)

#: Numbers of what earlier pieces found, which the form carries on.
_CARRIED = 500


@pages.get("/log/unusual")
def strange() -> ResponseReturnValue:
    """Show what stands out in the last days, and by which rule."""
    with g.archive.call(g.actor, Action.AUDIT_READ, Subject("audit")) as call:
        found = unusual_news.look(call)
    return render_template("log/unusual.html", found=found, event=call.event)


@pages.get("/log/figures")
def figures() -> ResponseReturnValue:
    """Show how much was looked at and refused, by day, department and action."""
    asked = forms.as_sent()
    first, last = (forms.asked_day(request.args.get(name, "")) for name in ("from", "to"))
    with g.archive.call(g.actor, Action.AUDIT_READ, Subject("audit"), detail=asked) as call:
        found = log_figures.figures(call, first, last)
    return render_template(
        "log/figures.html", found=found, plot=plots.bars(found.days), event=call.event
    )


@pages.get("/log/words")
def words(**_refused: str) -> ResponseReturnValue:
    """Show the form that asks for words in what was sealed."""
    with g.archive.call(g.actor, Action.AUDIT_READ, Subject("audit")) as call:
        call.require()
    given = forms.log_conditions()
    return render_template("log/words.html", given=given, piece=None, found=(), event=call.event)


@pages.post("/log/words")
@guard.fresh(Action.AUDIT_OPEN)
@errors.again(words)
def look() -> ResponseReturnValue:
    """Look on for about a second; the page that answers goes on from there."""
    forms.only("words", "case", "below", "newest", "found", *forms.LOG_CONDITIONS)
    said, case = forms.text("words"), forms.text("case")
    wanted, given = forms.events(), forms.log_conditions()
    below, newest = (forms.whole(forms.text(name)) for name in ("below", "newest"))
    # also what is refused is written down: no more of it than could have been meant
    detail = {"case": case[:100], "words": said[:100], "filters": given, "below": below}
    with g.archive.call(g.actor, Action.AUDIT_OPEN, Subject("audit"), detail=detail) as call:
        piece = sealed_words.look(call, wanted, said, case, below, newest)
        numbers = [*_carried(), *(item.seq for item in piece.items)][:_CARRIED]
        found = auditing.numbered(call.db, log_folding.ends(call.db, numbers))
    return render_template(
        "log/words.html",
        given=given,
        piece=piece,
        found=found,
        numbers=numbers,
        full=len(piece.items) >= sealed_words.MOST or len(numbers) >= _CARRIED,
        event=call.event,
    )


def _carried() -> list[int]:
    parts = forms.text("found").split(",", _CARRIED)[:_CARRIED]
    numbers = (forms.whole(part) for part in parts)
    return [number for number in numbers if number is not None]
