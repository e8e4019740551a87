"""Accounts, for those who look after them."""

from typing import Any

from flask import Response

from service import access, accounts, known
from service.accounts import NewPerson, PersonChange
from service.audit.entries import Subject
from service.codes import Department, Role
from service.permissions import Action
from web.api import asking
from web.api.answering import done, shown
from web.api.asking import Read, matched, opened
from web.api.blueprint import api
from web.api.operation import operation
from web.api.schemas import NewUser, UserChange
from web.api.shown.people import UserList, UserShown
from web.api.whole import whole


@api.get("/users")
@operation(403, answers={200: UserList})
def list_users() -> Response:
    """List every account."""
    with opened(Action.USER_MANAGE, Subject("person"), writes=False) as call:
        found = accounts.people(call)
        asking.query()
    return shown(UserList, whole(found))


@api.post("/users")
@operation(403, body=NewUser, answers={201: UserShown})
def add_user() -> Response:
    """Open an account."""
    with opened(Action.USER_MANAGE, Subject("person")) as call:
        call.require()
        access.fresh(call)
        asked = _typed(asking.body(call))
        made = accounts.add(call, NewPerson(**asked))
        return done(call, UserShown, made, 201, at="users")


@api.get("/users/<person_id>")
@operation(403, 404, answers={200: UserShown})
def show_user(person_id: str) -> Response:
    """Show an account."""
    with opened(Action.USER_MANAGE, Subject("person", person_id), writes=False) as call:
        found = accounts.person(call, person_id)
        asking.query()
    return shown(UserShown, found)


@api.patch("/users/<person_id>")
@operation(403, body=UserChange, answers={200: UserShown}, conditional=True)
def change_user(person_id: str) -> Response:
    """Change an account; switched off, it ends at once and `successor` gets its customers."""
    with opened(Action.USER_MANAGE, Subject("person", person_id)) as call:
        rev = known.person(call, person_id)
        access.fresh(call)
        asked = _typed(asking.body(call))
        changed = accounts.change(call, person_id, PersonChange(**asked), if_match=matched(rev))
        return done(call, UserShown, changed)


def _typed(asked: Read) -> dict[str, Any]:
    typed = dict(asked)
    if "roles" in typed:
        typed["roles"] = frozenset(map(Role, typed["roles"]))
    if "department" in typed:
        typed["department"] = Department(typed["department"])
    return typed
