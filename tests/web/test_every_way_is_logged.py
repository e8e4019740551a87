"""Complete: every route and job leaves entries; the few that do not are a closed list.

Commands are run by tests/service/test_commands_are_logged.py.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select
from werkzeug.routing import IntegerConverter, Rule

from indexer.work import ACTIONS
from service.actions import Action, Verb
from service.codes import Role
from service.models import AuditEvent, AuditHead
from tests.web.programs import Program, Programs
from web.silent import SILENT

ID = "a" * 26
DOCS = Path(__file__).parents[2] / "docs" / "log.md"

#: The ten verbs of the regulation's article 2; the archive's own running has two more.
TEN = "create collect arrange file keep update read use share destroy".split()

#: Endpoints after which the one who asked is no longer let in: asked last.
_ENDING = ("sign_out", "end_sign_in", "revoke", "delete")


def doors(app) -> Iterator[tuple[str, str, str]]:
    """Yield endpoint, method and an address of everything the application answers."""
    for rule in app.url_map.iter_rules():
        for method in sorted(rule.methods - {"OPTIONS", "HEAD"}):
            yield rule.endpoint, method, address(rule)


def address(rule: Rule) -> str:
    """Return an address that matches a rule."""
    values = {
        name: 1 if isinstance(kind, IntegerConverter) else ID
        for name, kind in rule._converters.items()
    }
    if "filename" in values:
        values["filename"] = "app.css"
    built = rule.build(values) if values else None
    return built[1] if built else rule.rule


def length(world) -> int:
    with world.archive.db.read() as db:
        return int(db.get_one(AuditHead, 1).seq)


def walk(portal, login: str) -> dict[str, list[str]]:
    """Open every door as somebody; return what left no entry, by endpoint."""
    world = portal.world
    person, program = portal[login], Programs.of(world)[login]
    token = person.token()
    silent: dict[str, list[str]] = {}
    ways = sorted(doors(portal.app), key=lambda way: (ending(way), way))
    for endpoint, method, path in ways:
        before = length(world)
        answer = opened(person, program, token, method, path)
        if answer.status_code == 401 and ending((endpoint, method, path)):
            person, program = portal[login], Programs.of(world)[login]
            token, before = person.token(), length(world)
            answer = opened(person, program, token, method, path)
        if length(world) == before:
            silent.setdefault(endpoint, []).append(f"{method} {path}: {answer.status_code}")
    return silent


def ending(way: tuple[str, str, str]) -> bool:
    endpoint, method, _ = way
    return method == "DELETE" or any(word in endpoint for word in _ENDING)


def opened(person, program: Program, token: str, method: str, path: str):
    if path.startswith("/api/v1"):
        return program.send(method, path.removeprefix("/api/v1"))
    data = {"csrf_token": token} if method != "GET" else None
    return person.client.open(path, method=method, data=data, buffered=True)


def judged(portal, login: str) -> None:
    world = portal.world
    silent = walk(portal, login)
    assert {e: ways for e, ways in silent.items() if e not in SILENT} == {}
    with world.archive.db.read() as db:
        pairs = set(db.execute(select(AuditEvent.action, AuditEvent.verb)).tuples())
    assert {(action, str(Action(action).verb)) for action, _ in pairs} == pairs


def test_every_way_into_the_archive_leaves_an_entry(portal):
    judged(portal, "archivist")


@pytest.mark.slow
@pytest.mark.parametrize("login", [str(r) for r in Role if r is not Role.ARCHIVIST])
def test_every_way_leaves_an_entry_whoever_takes_it(portal, login):
    judged(portal, login)


def test_the_silent_ways_exist_and_are_the_documented_ones(portal):
    endpoints = {rule.endpoint for rule in portal.app.url_map.iter_rules()}
    assert set(SILENT) <= endpoints
    told = re.findall(r"^\| `([a-z_.]+)` \| (.+?) \|$", DOCS.read_text("utf-8"), re.MULTILINE)
    assert dict(told) == dict(SILENT)


def test_every_action_is_one_of_the_ten_verbs_or_of_the_two_of_the_archives_own_running():
    assert {str(verb) for verb in Verb} == {*TEN, "auth", "admin"}
    assert all(action.verb in Verb for action in Action)
    content = [a for a in Action if a.partition(".")[0] in ("customer", "document", "search")]
    assert {a for a in content if str(a.verb) not in TEN} == set()


def test_every_kind_of_job_is_an_action(world):
    assert set(ACTIONS.values()) <= set(Action)
