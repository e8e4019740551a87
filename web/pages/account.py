"""Signing in and out, the language, and a person's own sign-ins and tokens."""

from flask import Blueprint, abort, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from service import accounts, deputies, password_links, preferences, signins, tokens
from service.audit.entries import Subject
from service.errors import Denied, Invalid, NotFound, StepUp, TooMany
from service.permissions import Action, Actor
from service.signins import Once
from web import errors, forms, guard, navigation, session

pages = Blueprint("account", __name__)


@pages.get("/sign-in")
def sign_in() -> ResponseReturnValue:
    """Show the sign-in form, to who is not signed in yet."""
    if _signed_in(session.token()):
        return redirect(session.local_path(request.args.get("next")) or url_for("home.show"))
    return render_template("signin.html", refusal=None)


@pages.post("/sign-in")
def enter() -> ResponseReturnValue:
    """Check the password and begin a new session."""
    try:
        signed = signins.sign_in(
            g.archive,
            request.form.get("login", ""),
            request.form.get("password", ""),
            address=g.actor.address,
            agent=g.actor.agent,
        )
    except (Denied, TooMany) as refusal:
        status = 401 if isinstance(refusal, Denied) else errors.status_of(refusal)
        answer = make_response(render_template("signin.html", refusal=refusal), status)
        if isinstance(refusal, TooMany):
            answer.headers["Retry-After"] = str(refusal.retry_after)
        return answer
    _end_earlier(session.token())
    session.start(signed.token)
    onwards = redirect(session.local_path(request.form.get("next")) or url_for("home.show"))
    chosen = preferences.language(g.archive, signed.actor.person)
    return _in_language(onwards, chosen) if chosen in session.LANGUAGES else onwards


def _end_earlier(token: str | None) -> None:
    """End the sign-in that this browser had: nobody could end it there any more."""
    if earlier := _signed_in(token):
        signins.sign_out(g.archive, earlier)


def _signed_in(token: str | None) -> Actor | None:
    """Return who a browser's token stands for, where the guard does not ask."""
    if token is None:
        return None
    return signins.resolve(g.archive, token, address=g.actor.address, agent=g.actor.agent)


@pages.post("/confirm")
def confirm() -> ResponseReturnValue:
    """Take the password again, and go on where it was asked for."""
    forms.only("password", "next", *filter(forms.carries, request.form))
    try:
        token = signins.step_up(g.archive, g.actor, request.form.get("password", ""))
    except Denied as refusal:
        raise StepUp("The password is not right.", rule="session:step_up") from refusal
    session.start(token)
    after = session.local_path(request.form.get("next"))
    waiting = forms.waiting()
    if after and waiting is not None:
        return render_template("errors/confirmed.html", after=after, fields=waiting)
    return redirect(after or url_for("home.show"))


@pages.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """End the sign-in on the server and in the browser."""
    signins.sign_out(g.archive, g.actor)
    session.end()
    return redirect(url_for("account.sign_in"))


@pages.post("/language")
def language() -> ResponseReturnValue:
    """Keep the chosen language with the account and in a cookie, and stay on the page."""
    chosen = request.form.get("language", "")
    if chosen not in session.LANGUAGES:
        abort(400)
    if person := _signed_in(session.token()):
        with g.archive.call(
            person, Action.SESSION_MANAGE_OWN, Subject("person", person.id)
        ) as call:
            preferences.choose_language(call, chosen)
    return _in_language(redirect(navigation.came_from() or url_for("home.show")), chosen)


def _in_language(answer: Response, chosen: str) -> Response:
    """Let the browser that gets this answer read in a language from now on."""
    answer.set_cookie(
        session.LANGUAGE_COOKIE,
        chosen,
        max_age=31536000,
        secure=g.archive.settings.secure,
        httponly=True,
        samesite="Lax",
    )
    return answer


@pages.get("/password")
def password() -> ResponseReturnValue:
    """Show the form with which the holder of a link sets their password."""
    link = request.args.get("link") or request.form.get("link", "")
    if not password_links.works(g.archive, link):
        return _no_such_link()
    shortest = password_links.shortest(g.archive)
    return render_template("password.html", link=link, shortest=shortest)


def _no_such_link() -> ResponseReturnValue:
    return make_response(render_template("password.html", link=""), 404)


@pages.post("/password")
@errors.again(password)
def set_password() -> ResponseReturnValue:
    """Set the password of the person whose link this is; it works this once."""
    forms.only("link", "password", "again")
    given, link = request.form.get("password", ""), request.form.get("link", "")
    if given != request.form.get("again", ""):
        raise Invalid("The two passwords differ.", fields={"again": "differs"})
    try:
        password_links.use(g.archive, link, given, visitor=g.actor)
    except NotFound:
        return _no_such_link()
    _end_earlier(session.token())
    session.end()
    return session.done("password_set", "account.sign_in")


@pages.get("/account")
def show() -> ResponseReturnValue:
    """Show the person's own sign-ins and API tokens; a new token once."""
    with g.archive.call(g.actor, Action.SESSION_MANAGE_OWN, writes=False) as call:
        mine = accounts.sign_ins(call)
        working = tokens.own(call)
        limits = call.policy.limits.token
        standing_in, colleagues = deputies.concerning(call), deputies.choices(call)
    return render_template(
        "account.html",
        sign_ins=mine,
        tokens=working,
        limits=limits,
        token=session.shown_once(Once.TOKEN),
        deputies=standing_in,
        colleagues=colleagues,
    )


@pages.post("/account/tokens")
@guard.fresh(Action.SESSION_MANAGE_OWN)
@errors.again(show)
def add_token() -> ResponseReturnValue:
    """Make an API token; the page that follows shows it, this once."""
    forms.only("name", "days")
    with g.archive.call(g.actor, Action.SESSION_MANAGE_OWN, Subject("token")) as call:
        token = tokens.add(call, forms.text("name"), forms.days("days"))
    session.show_once(Once.TOKEN, token)
    return redirect(url_for("account.show"))


@pages.post("/account/tokens/<token_id>/revoke")
def revoke_token(token_id: str) -> ResponseReturnValue:
    """Make a token stop working."""
    subject = Subject("token", token_id)
    with g.archive.call(g.actor, Action.SESSION_MANAGE_OWN, subject) as call:
        tokens.revoke(call, token_id)
    return session.done("token_revoked", "account.show")


@pages.post("/account/sign-ins/<sign_in_id>/end")
def end_sign_in(sign_in_id: str) -> ResponseReturnValue:
    """End one of the person's sign-ins."""
    with g.archive.call(g.actor, Action.SESSION_MANAGE_OWN, Subject("session")) as call:
        accounts.end_sign_in(call, sign_in_id)
    return session.done("sign_in_ended", "account.show")
