"""What may stand in the log in clear, and what may not: canaries through everything people do."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import structlog
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from indexer import measuring
from indexer.rebuild import rebuild
from service import (
    accounts,
    anchoring,
    auditing,
    categories,
    customers,
    deputies,
    directory,
    documents,
    erasing,
    filing,
    finding,
    intake,
    log_entry,
    log_questions,
    moving,
    originals,
    own_log,
    properties,
    rekeyed,
    resuming,
    saved_filters,
    signins,
    status,
    texts,
    tokens,
    upkeep,
)
from service.accounts import NewPerson, PersonChange
from service.anchor import Anchor
from service.anchors.holding import Holding
from service.archive import Call
from service.audit import checkpoints, entries, log
from service.audit.entries import Subject
from service.audit.verify import Code
from service.bundles import exports, handing
from service.codes import Department, Role
from service.errors import Denied, Refusal
from service.exporting import handing as giving
from service.exporting import requests
from service.exporting.asked import Conditions, Format
from service.ids import is_id
from service.log_questions import Sought
from service.models import AuditBody, AuditEvent
from service.operation import set_up_logging
from service.permissions import Action, service_actor
from service.profiles import NewValue
from service.properties import Properties
from service.search.port import Filters
from service.spool import spool
from tests.appending import entry
from tests.indexer import pdfs
from tests.web.browsing import Portal
from tests.world import World, password

#: A fictional person's numbers; the check digits are right.
ID_NUMBER, MOBILE, CARD = "11010519491231002X", "13800138000", "6222021234567890128"
WORD = "金丝雀"
#: Names of people, customers and tokens are clear in their rows (never in the log).
NAME = "金丝鸟 13900139000"
DIRTY = f"{WORD}\r\n\x1b[31m2026-11-24 allow {ID_NUMBER} {MOBILE}\u202e"
ADDRESS, AGENT = "198.51.100.77", f"Canary/9.9 \x1b[2J {MOBILE}"
TYPED = "canary-login"

#: What must not be found in clear. Not the ids of rows, which are random.
CANARIES = (
    WORD,
    "金丝鸟",
    "\x1b",
    "\r",
    "\n",
    ID_NUMBER,
    MOBILE,
    CARD,
    ADDRESS,
    "Canary/9.9",
    TYPED,
)

#: What may come in a URL in the place of an id.
BAD_IDS = (
    ID_NUMBER,
    MOBILE,
    CARD,
    "zhang.san@canary.example",
    f"x\r\nSet-Cookie: {WORD}",
    "\x1b[31m",
    "../../etc/passwd",
    WORD,
    "x" * 5000,
    "",
)

Use = Callable[[Call], object]


def seen(world: World) -> set[str]:
    """Return the actions that are in the log."""
    with world.archive.db.read() as db:
        return set(db.scalars(select(AuditEvent.action).distinct()))


def call(world: World, by: str, action: Action, subject: Subject, use: Use, **more: Any) -> Any:
    actor = world.actor(by) if by != "cli" else service_actor("cli")
    actor = replace(actor, address=ADDRESS, agent=AGENT)
    with world.archive.call(actor, action, subject, **more) as opened:
        return use(opened)


def upload(world: World, content: str) -> Any:
    settings = world.archive.settings
    return spool(settings.data / "spool", settings.upload_limit, io.BytesIO(content.encode()))


def people(world: World) -> None:
    new = NewPerson(
        "canary-new",
        f"{WORD} {ID_NUMBER}",
        Department.SALES,
        frozenset({Role.SALES}),
        "x1 y2 z3 w4",
    )
    subject = Subject("person")
    made = call(
        world, "cli", Action.USER_MANAGE, subject, lambda c: accounts.add(c, new), writes=True
    )
    change = PersonChange(name=NAME, active=False)
    call(
        world,
        "cli",
        Action.USER_MANAGE,
        subject,
        lambda c: accounts.change(c, made.id, change),
        writes=True,
    )
    call(world, "sales", Action.SESSION_MANAGE_OWN, Subject("token"), _token)
    deputy = world.id("sales2")
    about = Subject("person", deputy)
    call(world, "sales", Action.DEPUTY_NAME, about, lambda c: _deputy(c, deputy))
    call(world, "sales", Action.DEPUTY_NAME, about, lambda c: deputies.revoke(c, deputy))
    with pytest.raises(Denied):
        signins.sign_in(world.archive, TYPED, DIRTY, address=ADDRESS, agent=AGENT)
    signed = signins.sign_in(
        world.archive, "legal", password("legal"), address=ADDRESS, agent=AGENT
    )
    signins.step_up(world.archive, signed.actor, password("legal"))
    signins.sign_out(world.archive, signed.actor)


def moved(world: World, document: str) -> None:
    """Move a document to another customer, and back to the one it is with."""
    subject = Subject("document", document)

    def move(opened: Call, there: str) -> Any:
        rev = documents.hold(opened, opened.db, document).document.rev
        return moving.move(opened, document, to=there, reason=DIRTY, if_match=rev)

    here = call(
        world, "archivist", Action.DOCUMENT_READ, subject, lambda c: documents.get(c, document)
    ).customer
    other = world.customer("另一客户", here.category, owner="sales").id
    for there in (other, here.id):
        call(world, "archivist", Action.DOCUMENT_MOVE, subject, partial(move, there=there))


def _deputy(opened: Call, person: str) -> Any:
    today = signins.today(opened.archive)
    return deputies.name(opened, person, first=today, last=today)


def _token(opened: Call) -> str:
    return tokens.add(opened, NAME)


def files(world: World) -> str:
    value = {"company.short_name": NewValue(NAME, channel="entry", person=NAME)}
    made = call(
        world,
        "service_officer",
        Action.CUSTOMER_CREATE,
        Subject("customer"),
        lambda c: customers.create(
            c, name=f"{NAME}有限公司", category="intended", owner=world.id("sales")
        ),
    )
    subject = Subject("customer", made.id)
    rev = call(
        world,
        "archivist",
        Action.CUSTOMER_FILE,
        subject,
        lambda c: customers.file(c, made.id, if_match=made.rev),
    ).rev
    rev = call(
        world,
        "archivist",
        Action.CUSTOMER_EDIT,
        subject,
        lambda c: customers.edit(
            c, made.id, if_match=rev, fields=value, coworkers=[world.id("sales2")]
        ),
    ).rev
    call(
        world,
        "archivist",
        Action.CUSTOMER_MOVE_CATEGORY,
        subject,
        lambda c: categories.move(
            c, made.id, if_match=rev, to="active", reason=DIRTY, coop_type="project"
        ),
    )
    call(world, "sales", Action.CUSTOMER_READ, subject, lambda c: customers.get(c, made.id))
    call(
        world,
        "sales",
        Action.CUSTOMER_LIST,
        Subject("customer"),
        lambda c: directory.listing(c, directory.Wanted(q=DIRTY)),
        detail={"q": DIRTY},
    )
    return str(made.id)


def papers(world: World, customer: str) -> None:
    said = Properties(
        kind="minutes", title=DIRTY, number=DIRTY, note=DIRTY, dated=date(2026, 11, 24)
    )
    by, subject = "service_officer", Subject("customer", customer)
    with upload(world, f"{DIRTY} {CARD}") as spooled:
        file = intake.Upload(spooled, f"{DIRTY}/{WORD}.txt")
        made = call(
            world, by, Action.DOCUMENT_ADD, subject, lambda c: intake.add(c, customer, file, said)
        )
    subject = Subject("document", made.id)
    with upload(world, f"{WORD} {CARD} 2") as spooled:
        file = intake.Upload(spooled, f"{WORD}.txt")
        call(
            world,
            by,
            Action.DOCUMENT_ADD_VERSION,
            subject,
            lambda c: intake.add_version(c, made.id, file),
        )
    world.work()
    call(
        world,
        "archivist",
        Action.DOCUMENT_RETURN,
        subject,
        lambda c: filing.send_back(c, made.id, DIRTY),
    )
    call(world, by, Action.DOCUMENT_WITHDRAW, subject, lambda c: filing.withdraw(c, made.id, DIRTY))
    call(world, by, Action.DOCUMENT_RESTORE, subject, lambda c: filing.restore(c, made.id))
    call(world, by, Action.DOCUMENT_WITHDRAW, subject, lambda c: filing.withdraw(c, made.id, DIRTY))
    moved(world, made.id)
    call(
        world,
        "archivist",
        Action.DOCUMENT_FILE,
        subject,
        lambda c: filing.file(c, made.id, version_no=1),
    )
    rev = call(world, by, Action.DOCUMENT_READ, subject, lambda c: documents.get(c, made.id)).rev
    call(
        world,
        "archivist",
        Action.DOCUMENT_EDIT,
        subject,
        lambda c: properties.edit(c, made.id, Properties(title=DIRTY + "2"), if_match=rev),
    )
    world.work()
    call(
        world,
        by,
        Action.DOCUMENT_TEXT,
        subject,
        lambda c: texts.read(c, made.id, q=DIRTY),
        detail={"q": DIRTY},
    )
    original = call(
        world, by, Action.DOCUMENT_ORIGINAL, subject, lambda c: originals.fetch(c, made.id)
    )
    assert b"".join(original.chunks())
    call(world, by, Action.DOCUMENT_QUEUE, Subject("document"), filing.uploads)
    retry_failed(world, customer)


def retry_failed(world: World, customer: str) -> None:
    world.document(customer, pdfs.written([WORD]), file_name=f"{WORD}.pdf")
    broken = world.document(customer, b"%PDF-1.7\nrubbish", file_name=f"{WORD}.pdf")
    world.work()
    call(
        world,
        "service_officer",
        Action.DOCUMENT_RETRY,
        Subject("document", broken.id),
        lambda c: filing.retry(c, broken.id),
    )
    world.work()


def asking(world: World) -> None:
    filters = Filters(customer=frozenset({DIRTY}), owner=frozenset({ID_NUMBER}))
    for q in (DIRTY, ID_NUMBER, f'"{WORD}" OR {MOBILE}*'):
        for narrowed in (Filters(), filters):
            question = finding.Question(q, narrowed)
            call(
                world,
                "service_officer",
                Action.SEARCH_RUN,
                Subject("search"),
                partial(finding.search, question=question),
                detail={"q": q, "filters": {"customer": [DIRTY]}},
            )
    call(world, "sales", Action.HOME_READ, Subject("home"), finding.home)
    call(
        world,
        "auditor",
        Action.AUDIT_READ,
        Subject("audit"),
        lambda c: auditing.events(c, log_questions.Wanted(actor=DIRTY, customer=ID_NUMBER)),
        detail={"actor": DIRTY},
    )
    log_looks(world)
    measuring.measure(world.archive)
    upkeep.go_round(world.archive, "worker")
    call(world, "auditor", Action.STATUS_READ, Subject("status"), status.look)
    rebuild(world.archive, lambda _done, _total: None)


def log_looks(world: World) -> None:
    """Look at the log in every other way, with canaries for case numbers."""
    case, subject = f"{WORD} {ID_NUMBER}", Subject("audit")
    call(world, "auditor", Action.AUDIT_READ, subject, lambda c: log_entry.get(c, 1))
    call(
        world,
        "auditor",
        Action.AUDIT_OPEN,
        subject,
        lambda c: log_entry.open_sealed(c, 1, case),
        detail={"case": case},
    )
    call(
        world,
        "auditor",
        Action.AUDIT_READ,
        subject,
        lambda c: saved_filters.save(c, NAME[:40], {"actor": NAME}),
        writes=True,
    )
    call(
        world,
        "sales",
        Action.AUDIT_READ_OWN,
        subject,
        lambda c: own_log.history(c, own_log.Wanted(action=NAME)),
        detail={"action": NAME},
    )


def bundle(world: World) -> None:
    """Ask for a compliance bundle with canaries in every field, fetch it, open a number of it."""
    wanted = Sought(actor=DIRTY, customer=ID_NUMBER, document=DIRTY)
    new = exports.New(f"{WORD} {ID_NUMBER}", f"{NAME}\n{ID_NUMBER}", wanted, details=True)
    subject = Subject("export")
    made = call(
        world,
        "auditor",
        Action.AUDIT_EXPORT,
        subject,
        lambda c: exports.request(c, new),
        writes=True,
    ).id
    world.work()
    subject = Subject("export", made)
    original = call(
        world,
        "auditor",
        Action.AUDIT_EXPORT,
        subject,
        lambda c: handing.fetch(c, made),
        writes=False,
    )
    assert b"".join(original.chunks())
    call(
        world,
        "auditor",
        Action.AUDIT_EXPORT,
        subject,
        lambda c: handing.open_numbers(c, made, NAME, [1]),
        writes=False,
    )


def export(world: World) -> None:
    """Ask for a list and a set with canaries in their words, have them made, fetch them."""
    wanted, subject = Conditions(f"{WORD} OR {ID_NUMBER}"), Subject("export_file")
    for written in ("xlsx", "zip", "copies"):
        new = requests.New(written, wanted)
        made = call(
            world,
            "sales",
            requests.ACTIONS[Format(written).what],
            subject,
            partial(requests.request, new=new),
            writes=True,
        ).id
        world.work()
        fetch = partial(giving.fetch, export_id=made)
        original = call(world, "sales", Action.EXPORT_FETCH, Subject("export_file", made), fetch)
        assert b"".join(original.chunks())


def everything(world: World) -> None:
    """Do everything once with canaries in every free field."""
    people(world)
    customer = files(world)
    papers(world, customer)
    asking(world)
    bundle(world)
    export(world)
    evidence(world)
    forged(world)


def evidence(world: World) -> None:
    """Change the key that signs, erase a month, go on from an older copy; canaries as reasons."""
    settings, zone = world.archive.settings, ZoneInfo("Asia/Shanghai")
    holding, now = Holding(settings.anchor_path), datetime.now(UTC)
    Anchor(world.archive.db, holding, [], zone).round(now)
    anchoring.rekey(settings)
    assert rekeyed.record(world.archive) == 1
    with world.archive.ring() as ring, world.archive.db.brief() as driver:
        month = log.MonthKey(ring.audit_month_id("2026-01"), ring.audit_month("2026-01"))
        (head,) = driver.ask(log.LOCK)
        log.append(driver, head, [entry("finder")], month)
    accounts = [(login, password(login)) for login in ("management", "legal")]
    with erasing.confirmed(world.archive, accounts) as people:
        erasing.erase_details(world.archive, people, "2026-01", NAME, now=now)
    # nothing is old enough here: that it is asked for is in the log all the same
    purge = Subject("log")
    with pytest.raises(Denied):
        call(world, "sales", Action.AUDIT_PURGE, purge, lambda c: c.require(), writes=True)
    last = checkpoints.parse(holding.state().note).checkpoint
    newer = checkpoints.sign(replace(last, size=last.size + 99), holding.read_key())
    resuming.resume(world.archive, "".join(CANARIES), newer)


def forged(world: World) -> None:
    """Send a form of the portal from another site, canaries in its fields and its headers."""
    browser = Portal.of(world)["archivist"].client
    answer = browser.post(
        "/customers",
        data=dict.fromkeys(("name", "category", "reason"), "".join(CANARIES)),
        headers={"Origin": "https://evil.example"},
    )
    assert answer.status_code == 403


@pytest.fixture
def operational_log() -> Iterator[None]:
    """Write operational logs as the commands do, until the test ends."""
    set_up_logging()
    yield
    structlog.reset_defaults()


def in_clear(world: World) -> str:
    """Return all that stands in the log in clear: bodies and every column but the hashes."""
    with world.archive.db.read() as db:
        bodies = [body.decode() for body in db.scalars(select(AuditBody.body))]
        rows = db.execute(text("SELECT * FROM audit_event")).mappings()
        columns = [str(v) for row in rows for k, v in row.items() if k not in ("leaf", "chain")]
        # the forms that JSON would give a control character
        return "|".join(
            [*bodies, *columns, *(json.dumps(json.loads(b), ensure_ascii=True) for b in bodies)]
        )


def assert_clean(said: str) -> None:
    for canary in CANARIES:
        for form in {canary, json.dumps(canary)[1:-1]}:
            assert form not in said, repr(form)


@pytest.mark.usefixtures("operational_log")
def test_nothing_people_type_and_no_address_stands_in_the_log_in_clear(
    world: World, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    everything(world)
    assert_clean(in_clear(world))
    elsewhere = {Action.IMPORT_RUN, Action.POLICY_IMPORT}
    assert set(map(str, set(Action) - elsewhere)) <= seen(world)
    written = capfd.readouterr()
    operational = written.out + written.err + caplog.text
    for canary in set(CANARIES) - {"\n", "\r", "\x1b"}:
        assert canary not in operational, repr(canary)
    report = world.verify()
    assert (report.code, report.orphans) == (Code.OK, ())


def test_what_people_type_and_their_addresses_are_sealed_in_the_whole_database(
    world: World,
) -> None:
    everything(world)
    world.archive.db.close()
    data = world.archive.settings.data
    stored = b"".join(path.read_bytes() for path in sorted(data.glob("archive.db*")))
    for canary in (WORD, ID_NUMBER, CARD, ADDRESS, "Canary/9.9", TYPED):
        assert canary.encode() not in stored, canary
    # what the archive keeps in clear is what lists show: names of people, files and tokens
    assert NAME.encode() in stored


def test_what_comes_in_place_of_an_id_is_not_repeated(world: World) -> None:
    with world.archive.db.read() as db:
        before = db.scalar(text("SELECT max(seq) FROM audit_event")) or 0
    for bad in BAD_IDS:
        try_everywhere(world, bad)
    with world.archive.db.read() as db:
        rows = db.scalars(select(AuditBody.body).where(AuditBody.seq > before))
        bodies = [json.loads(body) for body in rows]
    assert len(bodies) >= 6 * len(BAD_IDS)
    for body in bodies:
        assert body["object"].get("id", "invalid") == "invalid"
        assert "version" not in body["object"]
        assert "customer" not in body
    said = in_clear(world)
    assert_clean(said)
    assert [bad for bad in BAD_IDS if bad and bad in said] == []
    assert world.verify().code is Code.OK


def try_everywhere(world: World, bad: str) -> None:
    """Ask for a thing by something that is no id, reading and writing."""
    uses: dict[Action, Use] = {
        Action.CUSTOMER_READ: lambda c: customers.get(c, bad),
        Action.DOCUMENT_TEXT: lambda c: texts.read(c, bad),
        Action.DOCUMENT_ORIGINAL: lambda c: originals.fetch(c, bad),
        Action.DOCUMENT_FILE: lambda c: filing.file(c, bad),
        Action.CUSTOMER_EDIT: lambda c: customers.edit(c, bad, if_match=1),
        Action.SESSION_MANAGE_OWN: lambda c: accounts.end_sign_in(c, bad),
    }
    for action, use in uses.items():
        with pytest.raises(Refusal):
            call(world, "archivist", action, Subject("customer", bad, bad, bad), use)


def test_ids_of_rows_stand_in_the_log_as_they_are(world: World) -> None:
    document = world.document(world.customer().id, "纪要")
    with world.archive.db.read() as db:
        body = json.loads(
            db.scalars(select(AuditBody.body).order_by(AuditBody.seq.desc()).limit(1)).one()
        )
    assert body["object"] == {
        "type": "document",
        "id": document.id,
        "version": document.version.id,
    }
    assert body["customer"] == document.customer.id
    assert is_id(document.id)


def test_any_text_can_be_searched_for_and_logged(world: World) -> None:
    for words in ("\ud800", "a\udfff", "\x00", "\x00\ud83d\ude00", "\U0010ffff", "é" * 10_000):
        assert world.search(words, by="sales").total == 0, repr(words[:9])
    assert world.verify().code is Code.OK


def test_any_value_can_be_sealed_as_detail(world: World) -> None:
    for odd in (2**70, -(2**63), 1.5, float("nan"), True, [2**60, None], {"x": {1: 2}}):
        call(
            world,
            "sales",
            Action.SEARCH_RUN,
            Subject("search"),
            lambda c: c.returned([]),
            detail={"limit": odd, "nothing": None},
        )
    assert world.verify().code is Code.OK


def test_errors_of_the_database_do_not_carry_what_was_stored(world: World) -> None:
    with pytest.raises(IntegrityError) as raised, world.archive.db.write() as db:
        db.execute(
            text("INSERT INTO department (id, code, name) SELECT :id, code, :n FROM department"),
            {"id": "x", "n": f"{WORD}{ID_NUMBER}"},
        )
    assert WORD not in str(raised.value)
    assert ID_NUMBER not in str(raised.value)


def test_the_log_names_people_by_id_and_never_by_name_or_login(world: World) -> None:
    world.found("纪要", by="service_officer")
    said = in_clear(world)
    assert world.id("service_officer") in said
    assert "SERVICE_OFFICER" not in said
    assert entries.APP in said
    assert '"login"' not in said


def test_the_auditors_page_survives_a_body_that_is_no_entry(world: World) -> None:
    with world.archive.db.write() as db:
        db.execute(text("DROP TRIGGER audit_body_no_update"))
        db.execute(text("UPDATE audit_body SET body = x'ff' WHERE seq = 2"))
        db.execute(text("UPDATE audit_body SET body = '[1]' WHERE seq = 3"))
    page = call(
        world,
        "auditor",
        Action.AUDIT_READ,
        Subject("audit"),
        lambda c: auditing.events(c, log_questions.Wanted()),
    )
    assert {2, 3} <= {row.seq for row in page.items}
