"""Home: start searching, see what I owe."""

from flask import Blueprint, g, render_template
from flask.typing import ResponseReturnValue

from service import filing, finding, owed, recent
from service.permissions import Action
from web import session

pages = Blueprint("home", __name__)


@pages.get("/")
def show() -> ResponseReturnValue:
    """Show the search box, recent searches, own uploads and customers."""
    with g.archive.call(g.actor, Action.HOME_READ) as call:
        home = finding.home(call)
        uploads = filing.uploads(call, 5)
        owing = owed.uploads(call, 5)
        waiting = filing.to_file(call, 20) if g.menu.filing else ()
    return render_template("home.html", home=home, uploads=uploads, owed=owing, waiting=waiting)


@pages.post("/recent/clear")
def clear_recent() -> ResponseReturnValue:
    """Forget the person's recent searches."""
    with g.archive.call(g.actor, Action.SESSION_MANAGE_OWN) as call:
        recent.clear(call)
    return session.done("recent_cleared", "home.show")
