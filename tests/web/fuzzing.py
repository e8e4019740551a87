"""Requests that nobody thought of, made from the description and sent with somebody's token.

Most of them name things that exist (`furnish`), so that they get past the doors; every answer is
compared with what the description promises.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from PIL import Image
from schemathesis import GenerationMode, Response
from schemathesis.checks import CHECKS, load_all_checks

from service import corrections, deputies, filing, signins
from service.audit.entries import Subject
from service.codes import Category
from service.imports import batches, folders
from service.imports.items import Announced
from service.permissions import Action
from service.properties import Properties
from tests import exported as exports
from tests.bundled import asked
from tests.indexer.pdfs import written
from tests.indexer.scans import saved
from tests.indexer.zips import packed
from tests.recognised import scan
from tests.web.programs import Programs
from tests.web.serving import app_of
from tests.world import World, password

#: what schemathesis compares with the description; `_is_stated` and `_is_a_problem` are ours
_CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
)

#: Operations after which the token in use may be gone.
_ENDING = {"revoke_token", "revoke_tokens", "change_user"}

#: What ends what others need comes last.
_LAST = ("end_deputy", "end_session", "end_sessions", "revoke_token", "revoke_tokens")

#: what a query says of what there is
_ASKED = {"case": "FW-1", "version": 1, "revision": 1}
_FOR_A_CASE: Mapping[str, Mapping[str, Any]] = {
    "open_export_entries": {"number": [1]},
    "search_sealed": {"words": "减速机", "from": "2026-01-01", "to": "2099-01-01"},
}

_PHOTO = saved(Image.new("RGB", (40, 20), "white"), "JPEG")

#: what is sent where not any file will do
_SENT: Mapping[str, Mapping[str, Any]] = {
    "import_zip": {"file": packed(("甲.txt", b"a"))},
    "import_listed_folder": {"file": "file\n甲.txt\n".encode()},
    "import_listed": {
        "file": "file\n甲.txt\n".encode(),
        "files": json.dumps([{"file": "甲.txt", "size": 6}]),
    },
}

#: states that a change may be based on: mostly the present one
_STATES = ("*", "*", "*", '"1"', '"0"', 'W/"1"')

_PDF_THAT_BREAKS_OFF = b"%PDF-1.7\n1 0 obj\n"

#: where a seller may add documents
_OPEN = (Category.POTENTIAL, Category.INTENDED, Category.ACTIVE)

Pools = Mapping[str, list[str]]
Operation = schemathesis.APIOperation[Any, Any, Any, Any]
Case = schemathesis.Case[Any]


def furnish(world: World) -> Pools:
    """Put something of everything into the archive.

    Return ids by the parameter that they fill, and by the operation that takes no others.
    """
    customers, documents, broken, filed = [], [], [], []
    for number, category in enumerate([*_OPEN] * 4):
        made = world.customer(
            f"第{number}机电有限公司", category, owner="sales", filed=number % 3 == 0
        )
        customers.append(made.id)
        filed += [made.id] if number % 3 == 0 else []
        given_properties = Properties(dated=date(2026, 1, 2), title="维护纪要")
        documents += [
            world.document(made.id, "减速机保养 KR210", by="sales", properties=given_properties).id,
            world.document(made.id, "异响", kind="repair", by="sales").id,
        ]
        broken.append(world.document(made.id, _PDF_THAT_BREAKS_OFF, file_name="扫描.pdf").id)
    drawn = world.document(
        customers[0], written(["减速机 KR210"]), by="sales", file_name="维修.pdf"
    )
    scanned = scan(world, customers[0], [("减速机 KR210", 0.6)], by="sales").id
    subject = Subject("document", scanned)
    with world.archive.call(world.actor("sales"), Action.DOCUMENT_EDIT, subject) as call:
        corrections.correct(call, scanned, 1, "减速机 KR 210", if_match="1.1")
    # a seller's own drafts, for others to file
    customers += [world.customer(f"草稿{n}", by="sales").id for n in range(6)]
    world.work()
    withdrawn = [world.document(customers[0], f"误传{n}", by="sales").id for n in range(6)]
    for document in withdrawn:
        subject = Subject("document", document)
        with world.archive.call(world.actor("sales"), Action.DOCUMENT_WITHDRAW, subject) as call:
            filing.withdraw(call, document, "误传")
    imported = [_import(world, customers[0]) for _ in range(16)]
    for batch in imported[8:]:
        subject = Subject("import", batch)
        with world.archive.call(
            world.actor("archivist"), Action.IMPORT_RUN, subject, writes=True
        ) as call:
            batches.stop(call, batch)
    looked_at = _folders(world, customers[0], 18)
    exported = [asked(world) for _ in range(2)]
    listed = [exports.asked(world, "archivist") for _ in range(2)]
    world.work()
    people = [world.id(login) for login in ("sales", "sales2", "technical", "archivist")]
    deputy, day = world.id("sales2"), signins.today(world.archive)
    about = Subject("person", deputy)
    with world.archive.call(world.actor("sales"), Action.DEPUTY_NAME, about) as call:
        deputies.name(call, deputy, first=day, last=day)
    return {
        "customer_id": customers,
        "document_id": [*documents, *broken],
        "person_id": people,
        "batch_id": imported[:8],
        # only what was stopped goes on, and stops only what goes on
        "resume_import": imported[8:],
        # only what has not begun is shown before, begun and given up
        "begin_import": looked_at[:8],
        "discard_import": looked_at[8:16],
        "preview_import": looked_at[16:],
        # only what could not be read is read again
        "retry_document": broken,
        "restore_document": withdrawn,
        # only what is filed changes its category
        "move_customer": filed,
        "deputy_id": [deputy],
        "export_id": exported,
        "made_id": listed,
        **{name: [drawn.id] for name in ("show_page", "show_thumbnail", "show_hits")},
        # what was recognised is corrected, and has revisions
        **{name: [scanned] for name in ("show_page_text", "correct_page", "take_text_revision")},
        **{name: [scanned] for name in ("show_text_history", "show_text_difference")},
        "number": ["1"],
        "seq": ["1", "2"],
    }


def _import(world: World, customer: str) -> str:
    """Announce an import of one file."""
    new = batches.New(batches.Source.API, customer, "minutes", files=[Announced("甲.txt", 6)])
    person = world.actor("archivist")
    with world.archive.call(person, Action.IMPORT_RUN, Subject("import"), writes=True) as call:
        return batches.create(call, new).id


def _folders(world: World, customer: str, count: int) -> list[str]:
    """Choose a folder of the server so often; the worker looks at it afterwards."""
    settings = world.archive.settings
    served = settings.data / "served"
    served.mkdir()
    (served / "甲.txt").write_text("减速机", "utf-8")
    world.archive.settings = replace(settings, import_root=served)
    new = batches.New(batches.Source.FOLDER, customer, "minutes")
    person, made = world.actor("archivist"), []
    for _ in range(count):
        with world.archive.call(person, Action.IMPORT_RUN, Subject("import"), writes=True) as call:
            made.append(folders.choose(call, "", new).id)
    return made


@dataclass
class Fuzzing:
    """One person's requests to one archive, and how often which operation gave which status."""

    programs: Programs
    login: str
    pools: dict[str, list[str]]
    schema: Any
    seen: dict[str, Counter[int]] = field(default_factory=dict)

    @classmethod
    def of(cls, world: World, login: str) -> "Fuzzing":
        """Furnish an archive and read the description."""
        load_all_checks()
        pools = dict(furnish(world))
        programs = Programs.of(world)
        app = app_of(world.archive)
        # our own source is full of words to try: then every change of it would be another run
        config = schemathesis.Config.from_dict({"analysis": {"constants": {"enabled": False}}})
        schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app, config=config)
        return cls(programs, login, pools, schema)

    def run(self, examples: int) -> None:
        """Send so many requests to every operation."""
        found = [result.ok() for result in self.schema.get_all_operations()]
        for operation in sorted(
            found, key=lambda o: _LAST.index(_id(o)) if _id(o) in _LAST else -1
        ):
            self._begin(operation)
            self._fuzz(operation, examples)

    def follow(self, scenarios: int, steps: int) -> None:
        """Follow the links of the description, each scenario so many steps."""
        fuzzing = self

        class Machine(self.schema.as_state_machine()):  # type: ignore[misc]
            def get_call_kwargs(self, case: Case) -> dict[str, Any]:  # noqa: ARG002
                return {"headers": fuzzing._headers()}

            def validate_response(self, response: Response, case: Case, **_: Any) -> None:
                fuzzing._judge(case, response)

        seed(_SEED)(Machine)
        Machine.run(settings=settings(_SETTINGS, max_examples=scenarios, stateful_step_count=steps))

    def succeeded(self) -> set[str]:
        """Return the operations that ended well at least once."""
        return {name for name, counted in self.seen.items() if any(s < 300 for s in counted)}

    def _begin(self, operation: Operation) -> None:
        """Make what an operation takes away: sign-ins and tokens."""
        if "{session_id}" in operation.path:
            archive = self.programs.world.archive
            for agent in ("Firefox", "Chrome"):
                signins.sign_in(
                    archive, self.login, password(self.login), address="192.0.2.7", agent=agent
                )
            self.pools["session_id"] = self._ids("/sessions")
        if "{token_id}" in operation.path:
            self.pools["token_id"] = self._ids("/tokens")

    def _ids(self, path: str) -> list[str]:
        listed: Any = self.programs[self.login].get(path).json
        return [one["id"] for one in listed["items"]]

    def _fuzz(self, operation: Operation, examples: int) -> None:
        @seed(_SEED)
        @settings(_SETTINGS, max_examples=examples)
        @given(case=self._cases(operation))
        def ask(case: Case) -> None:
            self._judge(case, case.call(headers=self._headers()))

        ask()

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.programs[self.login].token}"}

    def _cases(self, operation: Operation) -> SearchStrategy[Case]:
        right = operation.as_strategy(GenerationMode.POSITIVE)
        wrong = operation.as_strategy(GenerationMode.NEGATIVE)
        fitting = right.flatmap(self._named).flatmap(self._filled)
        return st.one_of(fitting, fitting, right, wrong.flatmap(self._named))

    def _named(self, case: Case) -> SearchStrategy[Case]:
        """Let a request be about something that exists."""

        @st.composite
        def named(draw: Any) -> Case:
            for name in case.path_parameters or {}:
                mine = self.pools.get(_id(case.operation)) if name != "number" else None
                pool = mine or self.pools[name]
                case.path_parameters[name] = draw(st.sampled_from(pool))
            return case

        return named()

    def _filled(self, case: Case) -> SearchStrategy[Case]:
        """Let a request say what fits what it is about."""

        @st.composite
        def filled(draw: Any) -> Case:
            if "If-Match" in (case.headers or {}):
                moves = _id(case.operation) == "move_customer"  # for each once only
                case.headers["If-Match"] = "*" if moves else draw(st.sampled_from(_STATES))
            asked = case.query or {}
            if "case" in asked:
                asked.update(_FOR_A_CASE.get(_id(case.operation), {}))
            asked.update({name: said for name, said in _ASKED.items() if name in asked})
            if isinstance(case.body, dict):
                self._fill(case.body, draw)
                if _id(case.operation) == "create_export":
                    case.body = {"case": "FW-1", "statement": "核查"}
                if _id(case.operation) == "create_import":
                    # for all its files, which say nothing of themselves
                    customers = st.sampled_from(self.pools["customer_id"])
                    case.body.update({"customer": draw(customers), "kind": "minutes"})
                case.body.update(_SENT.get(_id(case.operation), {}))
                if _id(case.operation) == "name_deputy":
                    day = str(datetime.now(UTC).date() + timedelta(days=2))
                    case.body.update({"deputy": self.pools["deputy_id"][0], "from": day, "to": day})
            return case

        return filled()

    def _fill(self, body: dict[str, Any], draw: Any) -> None:
        people = st.sampled_from(self.pools["person_id"])
        papers = st.sampled_from(self.pools["document_id"])
        fitting: dict[str, SearchStrategy[Any]] = {
            "owner": people,
            "customer": st.sampled_from(self.pools["customer_id"]),
            "coworkers": st.lists(people, max_size=2),
            "evidence": st.lists(papers, max_size=1),
            "to": st.sampled_from(["intended", "active"]),
            "kind": st.sampled_from(["minutes", "repair", "contract"]),
            "coop_type": st.sampled_from(["project", "long_term"]),
            "file": st.sampled_from([b"\xe7\xba\xaa\xe8\xa6\x81", _PDF_THAT_BREAKS_OFF]),
            "folder": st.just(""),
            "photo": st.just([_PHOTO]),
            "days": st.integers(1, 365),
            "revision": st.sampled_from([1, 2]),
            "text": st.text("减速机 KR210", min_size=1, max_size=20),
            "password": st.just("a long password nobody uses"),
            "files": st.just([{"file": "甲.txt", "size": 6}]),
            "login": st.from_regex(r"[a-z]{3,12}", fullmatch=True),
            "name": st.text("库卡机器人有限公司", min_size=2, max_size=20),
            "title": st.just("会议纪要"),
            "roles": st.sampled_from([["sales"], ["technical"], ["finance", "hr"]]),
        }
        for name in body.keys() & fitting.keys():
            body[name] = draw(fitting[name])
        if body.get("fields"):
            source = {"channel": "电话"}
            body["fields"] = {"company.industry": {"value": "造船", "source": source}}

    def _judge(self, case: Case, response: Response) -> None:
        name, status = _id(case.operation), response.status_code
        self.seen.setdefault(name, Counter())[status] += 1
        names = [n for n in _CHECKS if n != "negative_data_rejection" or _is_wrong(case)]
        named: list[Any] = CHECKS.get_by_names(names)
        case.validate_response(response, checks=[*named, _is_stated, _is_a_problem])
        if name in _ENDING:
            self.programs.known.pop(self.login, None)


#: the same requests every time, but for the ids in them
_SEED = 20260101

_SETTINGS = settings(
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def _id(operation: Operation) -> str:
    return str(operation.definition.raw["operationId"])


def _is_wrong(case: Case) -> bool:
    """Say whether something wrong is left in a request: names, and tokens left out, are put in."""
    parts = case.meta.components if case.meta else {}
    wrong = {str(place.value) for place, part in parts.items() if part.mode.is_negative}
    put_in = {"path"} if "Authorization" in (case.headers or {}) else {"path", "header"}
    if _lists_with_one(case):
        put_in.add("query")
    return bool(wrong - put_in)


def _lists_with_one(case: Case) -> bool:
    """Say whether a list in the query is one value: as it is sent, that is a list of one."""
    parameters = case.operation.definition.raw.get("parameters", ())
    lists = {p["name"] for p in parameters if p.get("schema", {}).get("type") == "array"}
    sent = case.query or {}
    return any(not isinstance(sent[name], (list, dict)) for name in lists & sent.keys())


def _is_stated(_context: Any, response: Response, case: Case) -> None:
    """Every status is listed by itself, not only covered by `default`."""
    stated = case.operation.definition.raw["responses"]
    assert str(response.status_code) in stated, f"{response.status_code} is not stated"


def _is_a_problem(_context: Any, response: Response, _case: Case) -> None:
    """A refusal is a problem; it has a number in the log, except for what is absent."""
    if response.status_code < 400:
        return
    assert response.headers["content-type"] == ["application/problem+json"]
    problem = response.json()
    assert problem["status"] == response.status_code
    assert ("event" in problem) == (response.status_code not in (401, 404)), problem
