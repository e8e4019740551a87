"""Who calls, and one's own sign-ins and tokens."""

from flask import Response, g

from service import access, accounts, own_log, tokens
from service.audit.entries import Subject
from service.permissions import Action
from web import forms
from web.api import asking
from web.api.answering import done, gone, shown
from web.api.asking import opened
from web.api.blueprint import api
from web.api.operation import operation
from web.api.schemas import NewToken, OwnQuery
from web.api.shown.log import OwnList
from web.api.shown.people import MeShown, SignInList, TokenList, TokenMade
from web.api.whole import whole


@api.get("/me")
@operation(answers={200: MeShown})
def show_me() -> Response:
    """Say who calls, with which roles, and in which categories they may do what."""
    with opened(Action.SESSION_MANAGE_OWN, Subject("person", g.actor.id), writes=False) as call:
        asking.query()
        me = access.me(call)
    return shown(MeShown, me)


@api.get("/me/history")
@operation(query=OwnQuery, answers={200: OwnList})
def list_history() -> Response:
    """List what the person who asks did, latest first, with the words they searched for."""
    with opened(Action.AUDIT_READ_OWN, Subject("log"), detail=forms.as_sent()) as call:
        asked = dict(asking.query())
        days = {"day_from": asked.pop("from_", None), "day_to": asked.pop("to", None)}
        found = own_log.history(call, own_log.Wanted(**days, **asked))
    return shown(OwnList, found)


@api.get("/sessions")
@operation(answers={200: SignInList})
def list_sessions() -> Response:
    """List one's own sign-ins in browsers."""
    with opened(Action.SESSION_MANAGE_OWN, Subject("session"), writes=False) as call:
        asking.query()
        found = accounts.sign_ins(call)
    return shown(SignInList, whole(found))


@api.delete("/sessions")
@operation(answers={204: None})
def end_sessions() -> Response:
    """End all of one's own sign-ins."""
    with opened(Action.SESSION_MANAGE_OWN, Subject("session")) as call:
        asking.body(call)
        access.end_sign_ins(call)
        return gone(call)


@api.delete("/sessions/<session_id>")
@operation(404, answers={204: None})
def end_session(session_id: str) -> Response:
    """End one of one's own sign-ins."""
    with opened(Action.SESSION_MANAGE_OWN, Subject("session", session_id)) as call:
        asking.again(call)
        accounts.end_sign_in(call, session_id)
        asking.body(call)
        return gone(call)


@api.get("/tokens")
@operation(answers={200: TokenList})
def list_tokens() -> Response:
    """List one's own tokens that still work."""
    with opened(Action.SESSION_MANAGE_OWN, Subject("token"), writes=False) as call:
        asking.query()
        found = tokens.own(call)
    return shown(TokenList, whole(found))


@api.post("/tokens")
@operation(403, body=NewToken, answers={201: TokenMade})
def add_token() -> Response:
    """Make a token with one's own rights; it is shown once, and ends with the one in use."""
    with opened(Action.SESSION_MANAGE_OWN, Subject("token")) as call:
        call.require()
        access.fresh(call)
        asked = asking.body(call)
        made = access.issue(call, asked["name"], asked.get("days"))
        return done(call, TokenMade, made, 201, at="tokens", once=("token",))


@api.delete("/tokens")
@operation(answers={204: None})
def revoke_tokens() -> Response:
    """Make all of one's own tokens stop working, the one in use too."""
    with opened(Action.SESSION_MANAGE_OWN, Subject("token")) as call:
        asking.body(call)
        access.revoke_tokens(call)
        return gone(call)


@api.delete("/tokens/<token_id>")
@operation(404, answers={204: None})
def revoke_token(token_id: str) -> Response:
    """Make one of one's own tokens stop working."""
    with opened(Action.SESSION_MANAGE_OWN, Subject("token", token_id)) as call:
        asking.again(call)
        tokens.revoke(call, token_id)
        asking.body(call)
        return gone(call)
