"""How refusals look: one table from class to status, and the page for each."""

import secrets
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import wraps
from typing import Any, ParamSpec, cast

import structlog
from flask import (
    Flask,
    Response,
    current_app,
    g,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge, SecurityError

from service.errors import (
    Conflict,
    Denied,
    Hidden,
    Invalid,
    NotFound,
    Refusal,
    Stale,
    StepUp,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unavailable,
    Unconditional,
    Unsatisfiable,
    Unsupported,
)
from web import forms, guard, labels, uploads

STATUS: Mapping[type[Refusal], int] = {
    Unauthenticated: 401,
    StepUp: 403,
    Denied: 403,
    Hidden: 404,
    NotFound: 404,
    TooLarge: 413,
    Unsupported: 415,
    Unsatisfiable: 416,
    Invalid: 422,
    Stale: 412,
    Unconditional: 428,
    Conflict: 409,
    TooMany: 429,
    Unavailable: 503,
}

#: parameters of sentences that are codes: which table has the word for them
_CODED = {"part": "part", "state": "filing"}

_P = ParamSpec("_P")


def status_of(refusal: Refusal) -> int:
    """Return the HTTP status of a refusal: that of the nearest class in the table."""
    return next(STATUS[c] for c in type(refusal).__mro__ if c in STATUS)


def sentence(refusal: Refusal) -> str:
    """Return what a refusal says, in the reader's language."""
    text = gettext(refusal.sentence) if refusal.sentence else ""
    params = {
        name: labels.label(_CODED[name], value) if name in _CODED else value
        for name, value in refusal.params.items()
    }
    return text % params if params else text


def again(
    view: Callable[..., ResponseReturnValue],
) -> Callable[[Callable[_P, ResponseReturnValue]], Callable[_P, ResponseReturnValue]]:
    """Show `view` again when a form is refused, with what was typed and what is wrong with it."""

    def around(change: Callable[_P, ResponseReturnValue]) -> Callable[_P, ResponseReturnValue]:
        @wraps(change)
        def wrapped(*args: _P.args, **kwargs: _P.kwargs) -> ResponseReturnValue:
            try:
                return change(*args, **kwargs)
            except (Invalid, Conflict) as refusal:
                if wants_row():
                    raise
                g.refusal = refusal
                response = make_response(view(*args, **kwargs))
                response.status_code = status_of(refusal)
                return response

        return wrapped

    return around


def wants_row() -> bool:
    """Say whether the page's script asks for a table row instead of a page."""
    return request.headers.get("X-Part") == "row"


def within(dialog: str) -> str:
    """Say which dialog the fields that follow are in; what was typed belongs to one alone."""
    g.within = dialog
    return ""


def _refused_here() -> Refusal | None:
    """Return the refusal of the form that is being drawn, if it is the one that was sent."""
    here = g.get("within", "") == request.form.get("dialog", "")
    return g.get("refusal") if here else None


def typed(name: str, default: object = "") -> object:
    """Return what was typed into a field that was refused, else its present value.

    A field left as it was shows its present value too: to send back what it held when the
    page was loaded would undo, at the next attempt, what somebody else has changed since.
    """
    if _refused_here() and "password" not in name and _touched(name):
        return request.form[name]
    return "" if default is None else default


def _touched(name: str) -> bool:
    """Say whether a field was sent with another value than it was made from."""
    was = request.form.get(f"was.{name.removeprefix('field.')}")
    sent = request.form.get(name)
    return sent is not None and (was is None or _plain(sent) != _plain(was))


def _plain(value: str) -> str:
    """Return a value without what a browser alters of it on the way."""
    return value.replace("\r\n", "\n").strip()


def ticked(name: str, present: Iterable[str]) -> frozenset[str]:
    """Return which boxes to tick: the present ones, with what a refused form changed of them."""
    now = frozenset(map(str, present))
    if not _refused_here():
        return now
    sent, was = (frozenset(request.form.getlist(n)) for n in (name, f"was.{name}"))
    return (now | (sent - was)) - (was - sent)


def problem(name: str) -> str:
    """Return what is wrong with a field, or nothing."""
    refusal, name = _refused_here(), name.removeprefix("field.")
    if not isinstance(refusal, Invalid) or name not in refusal.fields:
        return ""
    return labels.label("problem", refusal.fields[name])


def page(refusal: Refusal) -> ResponseReturnValue:
    """Return the page of a refusal."""
    if isinstance(refusal, Unauthenticated):
        return _stranger()
    status = status_of(refusal)
    if status == 404:  # noqa: PLR2004 - the one that must not depend on anything
        return _not_found()
    if wants_row():
        name = uploads.refused_name()
        return render_template("upload/refused.html", refusal=refusal, name=name), status
    if isinstance(refusal, StepUp):
        after, carried = _after(), _carried()
        page_of = {"refusal": refusal, "after": after, "carried": carried}
        return render_template("errors/confirm.html", **page_of), status
    response = make_response(render_template(_template(status), refusal=refusal, status=status))
    if isinstance(refusal, TooMany):
        response.headers["Retry-After"] = str(refusal.retry_after)
    if isinstance(refusal, Unavailable):
        response.headers["Retry-After"] = "10"
    response.status_code = status
    return response


def _after() -> str:
    """Return the page to go on to once the password was given again."""
    if request.endpoint == "account.confirm":
        return request.form.get("next", "")
    if request.method == "GET":
        return request.full_path.rstrip("?")
    return request.path if _can_wait() else url_for(f"{request.blueprint}.show")


def _can_wait() -> bool:
    """Say whether a form can be kept while the password is asked: no file, and no password."""
    return not request.files and not any("password" in name for name in request.form)


def _carried() -> list[tuple[str, str]]:
    """Return what waits for the password, as fields of the form that asks it."""
    sent = [(name, value) for name, value in request.form.items(multi=True) if name != "csrf_token"]
    if request.endpoint == "account.confirm":
        return [(name, value) for name, value in sent if forms.carries(name)]
    if request.method == "GET" or not _can_wait():
        return []
    return [(forms.WAITS, "yes"), *((f"{forms.CARRIED}{name}", value) for name, value in sent)]


def _template(status: int) -> str:
    return {403: "errors/denied.html", 503: "errors/unavailable.html"}.get(
        status, "errors/refused.html"
    )


def _not_found() -> ResponseReturnValue:
    """Return the page for what is absent or hidden: the same to the last byte."""
    return render_template("errors/not_found.html"), 404


def _stranger() -> ResponseReturnValue:
    if request.method in ("GET", "HEAD") and not wants_row():
        target = request.full_path.rstrip("?") if request.path != "/" else None
        return redirect(url_for("account.sign_in", next=target))
    return render_template("errors/signed_out.html"), 401


def _expired(_error: CSRFError) -> ResponseReturnValue:
    """Offer what was typed once more; the origin of the request has been checked already."""
    with suppress(Denied):
        guard.forged("request:token")
    if wants_row() or request.endpoint == "account.enter" or not request.form:
        return render_template("errors/expired.html", fields=()), 400
    fields = [(k, v) for k, v in request.form.items(multi=True) if k != "csrf_token"]
    if any("password" in name for name, _ in fields) or request.files:
        fields = []
    return render_template("errors/expired.html", fields=fields), 400


def _http(error: HTTPException) -> ResponseReturnValue:
    if isinstance(error, SecurityError):
        return Response("Unknown host.\n", 400, mimetype="text/plain")
    if error.code == 404:  # noqa: PLR2004
        return _not_found()
    if isinstance(error, RequestEntityTooLarge):
        return page(_too_large())
    if error.code is None or error.response is not None:
        return cast("ResponseReturnValue", error)
    body = render_template("errors/http.html", status=error.code)
    response = make_response(body, error.code)
    if error.code == 405:  # noqa: PLR2004
        response.headers["Allow"] = ", ".join(getattr(error, "valid_methods", None) or ())
    return response


def _too_large() -> TooLarge:
    """Say what is over which limit; the script sends every file alone."""
    most = current_app.config["MAX_CONTENT_LENGTH"]
    if (request.content_length or 0) <= most:
        return TooLarge("The request is too large.")
    limit = (most - uploads.FORM_ROOM) // (1024 * 1024)
    if wants_row():
        return TooLarge("The file is larger than %(limit)s MB.", limit=limit)
    return TooLarge("More than %(limit)s MB at once. Send fewer or smaller files.", limit=limit)


def _broken(error: Exception) -> ResponseReturnValue:
    """Say that something broke under a number; its words stay in the operational log."""
    incident = f"E-{secrets.token_hex(2).upper()}"
    structlog.get_logger().error(
        "request failed",
        incident=incident,
        endpoint=request.endpoint,
        exc_info=error,
    )
    return render_template("errors/broken.html", incident=incident, number=g.request_id), 500


#: Answers programs; it lives with the API, which knows the form they expect.
Problem = Callable[[Exception], ResponseReturnValue]


def register(app: Flask, problem_of: Problem) -> None:
    """Translate every refusal once, here: pages for people, `problem_of` for programs."""
    views: Mapping[type[Exception], Callable[[Any], ResponseReturnValue]] = {
        Refusal: page,
        CSRFError: _expired,
        HTTPException: _http,
        Exception: _broken,
    }
    for kind, view in views.items():
        app.register_error_handler(kind, _for_either(view, problem_of))
    app.jinja_env.globals.update(typed=typed, ticked=ticked, problem=problem)
    app.jinja_env.globals.update(sentence=sentence, within=within)


def _for_either(
    view: Callable[[Any], ResponseReturnValue], problem_of: Problem
) -> Callable[[Exception], ResponseReturnValue]:
    def answer(error: Exception) -> ResponseReturnValue:
        return problem_of(error) if guard.is_api() else view(error)

    return answer
