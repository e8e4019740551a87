"""The form of an entry is fixed: three vectors that no later version may write otherwise."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from service.audit import entries, log, merkle
from service.audit.entries import APP, Entry, PolicyRef, Result, Subject
from service.codes import Decision, Department, Phase, Role
from service.permissions import Action, Actor

GOLDEN = Path(__file__).parents[1] / "golden"
NAMES = ("search_intent", "search_outcome", "refused_move")

PERSON, CUSTOMER, VERSION = (
    "mfrggzdfmztwq2lknnwg23tpoa",
    "nbswy3dpeb3w64tmmqqhg33nea",
    "pfuw4z3tmvrxezlumvzgs43tma",
)
POLICY = PolicyRef("gm2tkojqgyzdcnjxha3tcmrtge", "5f" * 32)
SEARCHER = Actor(
    kind="person",
    id=PERSON,
    login="zhou",
    name="周宁",
    department=Department.SALES,
    roles=frozenset({Role.SALES, Role.ARCHIVIST}),
    address="192.0.2.7",
    agent="Firefox/140.0",
)
SEARCH = Subject("search", categories=("intended", "active", "intended"))
ENTRIES = {
    "search_intent": Entry(Phase.INTENT, Action.SEARCH_RUN, SEARCHER, POLICY, SEARCH),
    "search_outcome": Entry(
        Phase.OUTCOME,
        Action.SEARCH_RUN,
        SEARCHER,
        POLICY,
        SEARCH,
        ref=1,
        decision=Decision.ALLOW,
        result=Result(count=2, ids_digest=entries.ids_digest((CUSTOMER, VERSION))),
    ),
    "refused_move": Entry(
        Phase.EVENT,
        Action.CUSTOMER_MOVE_CATEGORY,
        Actor(
            kind="person",
            id="ovzwk4rnonsxe5tjmnsxs33ome",
            department=Department.CUSTOMER_SERVICE,
            roles=frozenset({Role.SERVICE_MANAGER}),
            via="token",
        ),
        POLICY,
        Subject(
            "customer", CUSTOMER, VERSION, CUSTOMER, ("intended", "active"), ("company",), "secret"
        ),
        cause=2,
        part={"from": 0, "to": 65535},
        purpose="contract",
        decision=Decision.DENY,
        rule="customer.move_category:none",
        result=Result(bytes=65536, complete=True, error="denied"),
        before={"category": "intended"},
        after={"category": "active"},
    ),
}


def golden(name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((GOLDEN / f"log_{name}.json").read_text(encoding="utf-8"))
    return read


@pytest.mark.parametrize("name", NAMES)
def test_an_entry_is_written_exactly_as_the_vector(name: str) -> None:
    vector = golden(name)
    stated = json.loads(vector["body"])
    written = entries.body(
        ENTRIES[name],
        seq=vector["seq"],
        ts=stated["ts"],
        sess=stated.get("sess"),
        detail=stated.get("detail"),
    )
    # the program's own version is the one member that changes with releases
    assert written.decode().replace(f'"app":"{APP}"', '"app":"guidang/0.1.0"') == vector["body"]


def test_leaf_chain_and_root_of_the_vectors_follow_from_their_bodies() -> None:
    chain, frontier = log.START, list[bytes]()
    for size, name in enumerate(NAMES):
        vector = golden(name)
        body = vector["body"].encode()
        leaf = merkle.leaf_hash(body)
        assert leaf == hashlib.sha256(b"\x00" + body).digest()
        chain = log.chain_value(chain, leaf)
        frontier = merkle.extend(frontier, size, leaf)
        assert (leaf.hex(), chain.hex(), merkle.root(frontier).hex()) == (
            vector["leaf"],
            vector["chain"],
            vector["root"],
        )
        assert entries.canonical(entries.read(body)) == body


def test_the_commitment_binds_salt_and_detail() -> None:
    detail = golden("search_intent")["detail"]
    plain = entries.canonical(json.loads(detail["plain"]))
    assert plain.decode() == detail["plain"]
    assert entries.commitment(bytes.fromhex(detail["salt"]), plain) == detail["commitment"]


def test_the_query_columns_of_a_vector_follow_from_its_body() -> None:
    columns = entries.columns(json.loads(golden("refused_move")["body"]))
    assert columns == {
        "seq": 3,
        "ts": "2026-11-24T09:30:00.000Z",
        "phase": "event",
        "ref": None,
        "actor": "ovzwk4rnonsxe5tjmnsxs33ome",
        "dept": "customer_service",
        "action": "customer.move_category",
        "verb": "arrange",
        "object_type": "customer",
        "object": CUSTOMER,
        "customer": CUSTOMER,
        "category": "active",
        "grade": "secret",
        "decision": "deny",
    }


@pytest.mark.parametrize("value", [{"a": None}, {"a": [1, None]}, {"a": {"b": [{"c": None}]}}])
def test_a_null_is_refused_at_any_depth(value: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="null"):
        entries.canonical(value)


MEMBER_NAMES = st.text("abcdefghijklmnopqrstuvwxyz_é\ue000\U00010000", max_size=3)
MEMBERS = st.recursive(
    st.text(max_size=8) | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(-9, 9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(MEMBER_NAMES, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(MEMBER_NAMES, MEMBERS, max_size=5))
def test_every_value_has_the_bytes_that_rfc_8785_gives_it(value: dict[str, Any]) -> None:
    assert entries.canonical(value) == rfc8785.dumps(value)


@pytest.mark.parametrize("value", [2**53, -(2**53), float("nan"), {1: 2}])
def test_what_rfc_8785_cannot_say_is_refused(value: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the library's words
        entries.canonical({"a": value})
