"""Compliance bundles: what is in them, what both verifiers say of good and of tampered ones."""

import ast
import base64
import csv
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.hazmat.primitives.serialization.pkcs7 import pkcs7_decrypt_der
from openpyxl import load_workbook
from sqlalchemy import select, update

from service.audit import checkpoints
from service.audit.checkpoints import Checkpoint
from service.audit.entries import Subject
from service.blobs.names import object_name
from service.bundles import checking, envelopes, exports, handing, reports
from service.bundles.sheets import Cell
from service.csv_cells import safe
from service.errors import Conflict, Denied, Hidden, Invalid, NotFound
from service.ids import new_id
from service.log_questions import Sought
from service.models import AuditDetail, AuditEvent, AuditExport
from service.permissions import Action
from tests.bundled import SCRIPT, Bundle, asked, certificate, fetched, made, signed, verdicts
from tests.world import World
from web import labels

FORMULA = "=HYPERLINK(1)"


@dataclass(frozen=True, slots=True)
class Furnished:
    """Bundles of one log: before it was ever signed, and after it was signed twice."""

    unsigned: Bundle
    bundle: Bundle
    part: Bundle
    key: Ed25519PrivateKey


def furnish(world: World) -> Furnished:
    """Let people work, sign twice, and make bundles of searches with their details."""
    customer = world.customer(filed=True)
    for word in ("谐波减速器", "合同", "身份证 11010519491231002X"):
        world.search(word, by="sales")
    with pytest.raises(Denied):
        asked(world, by="sales")
    unsigned = made(world)
    key = Ed25519PrivateKey.generate()
    signed(world, key)
    world.search("第二次", by="sales2")
    size = signed(world, key)
    searches = made(world, wanted=Sought(action="search.run"), details=True)
    part = made(world, wanted=Sought(decision="deny"))
    assert size > 20
    assert customer.id
    return Furnished(Bundle.of(unsigned), Bundle.of(searches), Bundle.of(part), key)


@pytest.fixture
def found(furnished: tuple[Path, Furnished]) -> Furnished:
    """The bundles of this module."""
    return furnished[1]


# -- what is in a bundle -----------------------------------------------------------------------


def test_a_bundle_holds_the_whole_range_and_shows_what_fits(found: Furnished) -> None:
    bundle = found.bundle
    manifest = bundle.json("manifest.json")
    lines = bundle.lines()
    first, last = manifest["range"]["first"], manifest["range"]["last"]
    assert [line["seq"] for line in lines] == list(range(first, last + 1))
    assert {body["action"] for body in bundle.shown()} == {"search.run"}
    hidden = [line for line in lines if "leaf" in line]
    assert manifest["counts"] == {
        "shown": len(bundle.shown()),
        "hidden": len(hidden),
        "purged": 0,
    }
    assert manifest["request"]["case"] == "FW-HC-2026-Q4-03"
    assert manifest["filter"]["members"] == {"action": ["search.run"]}
    assert sum(policy["entries"] for policy in manifest["policies"]) == len(bundle.shown())
    assert set(bundle.files) == {
        *("manifest.json", "events.ndjson", "details.ndjson", "proof.json", "consistency.json"),
        *("checkpoint.note", "previous.note", "pub/1.pem", "SHA256SUMS", "verify.py"),
        *("报告.csv", "报告.xlsx", "报告.html"),
    }


def test_what_does_not_fit_is_in_no_file_of_it(found: Furnished) -> None:
    everything = b"".join(found.bundle.files.values())
    for word in (b"customer.create", "建档".encode(), b"user.manage"):
        assert word not in everything.replace(found.bundle.files["verify.py"], b"")


def test_details_are_there_only_when_they_were_asked_for(found: Furnished) -> None:
    told = {json.loads(line["detail"]).get("q") for line in found.bundle.lines("details.ndjson")}
    assert {"谐波减速器", "第二次"} <= told
    for bundle in (found.unsigned, found.part):
        assert "details.ndjson" not in bundle.files
        assert bundle.json("manifest.json")["details"] is None
        assert "谐波减速器".encode() not in b"".join(bundle.files.values())


def test_the_reports_say_the_same_in_words(found: Furnished) -> None:
    rows = list(csv.reader(io.StringIO(found.bundle.files["报告.csv"].decode("utf-8-sig"))))
    assert rows[0][:3] == ["序号", "时间", "条目类型"]
    assert [int(row[0]) for row in rows[1:]] == [body["seq"] for body in found.bundle.shown()]
    assert {row[7] for row in rows[1:]} == {"检索"}
    book = load_workbook(io.BytesIO(found.bundle.files["报告.xlsx"]))
    assert book.sheetnames == ["汇总", "明细"]
    listed = list(book["明细"].iter_rows(values_only=True))
    assert [row[0] for row in listed[1:]] == [int(row[0]) for row in rows[1:]]
    page = found.bundle.files["报告.html"].decode()
    assert "<td>检索</td><td>8</td>" in page
    assert "FW-HC-2026-Q4-03" in page


def test_no_cell_begins_a_formula(tmp_path: Path) -> None:
    for begin in ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"):
        assert safe(f"{begin}1") == f"'{begin}1"
    assert safe(-1) == -1
    assert safe("1=1") == "1=1"
    out = io.BytesIO()
    facts = [("说明", FORMULA)]
    rows: list[list[Cell]] = [[1, FORMULA, "\x1b[31m\x00"]]
    book = reports.both(rows, out, reports.Figures(), facts, datetime(2026, 1, 2, tzinfo=UTC))
    assert f"'{FORMULA}" in out.getvalue().decode()
    cells = load_workbook(io.BytesIO(book))["明细"][2]
    assert [(cell.value, cell.data_type) for cell in cells[:2]] == [(1, "n"), (FORMULA, "s")]
    assert escaped(reports.page(reports.Figures(), [("<b>", "<script>")], ["<i>"]))


def escaped(page: str) -> bool:
    return "<script>" not in page and "<i>" not in page and "<b>" not in page


def test_the_words_of_reports_are_those_of_the_portal() -> None:
    source = Path(labels.__file__).parent / "translations/zh_CN/LC_MESSAGES/messages.po"
    with source.open("rb") as file:
        catalogue = read_po(file)
    for name in ("department", "action", "decision", "category", "grade"):
        wanted = {code: catalogue[text].string for code, text in labels.TABLES[name].items()}
        assert {code: reports.word(name, code) for code in wanted} == wanted, name


# -- verifying ---------------------------------------------------------------------------------


def test_both_verifiers_accept_good_bundles(found: Furnished, tmp_path: Path) -> None:
    for name in ("unsigned", "bundle", "part"):
        path = getattr(found, name).put(tmp_path / f"{name}.zip")
        assert verdicts(path) == ((0, None), (0, None))
    folder = tmp_path / "unpacked"
    with zipfile.ZipFile(tmp_path / "bundle.zip") as file:
        file.extractall(folder)
    assert verdicts(folder) == ((0, None), (0, None))


def without(line_number: int) -> Callable[[bytes], bytes]:
    def change(data: bytes) -> bytes:
        lines = data.splitlines(keepends=True)
        return b"".join(lines[: line_number - 1] + lines[line_number:])

    return change


def swapped(data: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    lines[4], lines[5] = lines[5], lines[4]
    return b"".join(lines)


def renumbered(data: bytes) -> bytes:
    """Leave a hidden entry out and close the gap with the one before, twice."""
    lines = [json.loads(line) for line in data.splitlines()]
    at = next(n for n in range(1, len(lines)) if "leaf" in lines[n] and "leaf" in lines[n - 1])
    lines[at]["leaf"] = lines[at - 1]["leaf"]
    return b"".join(json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in lines)


def other_body(data: bytes) -> bytes:
    lines = [json.loads(line) for line in data.splitlines()]
    shown = next(line for line in lines if "body" in line)
    shown["body"] = shown["body"].replace('"via":"session"', '"via":"token"')
    return b"".join(json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in lines)


def other_leaf(data: bytes) -> bytes:
    at = data.index(b'"leaf":"') + 8
    return data[:at] + bytes([data[at] ^ 1 if data[at] != ord("9") else ord("8")]) + data[at + 1 :]


def other_salt(data: bytes) -> bytes:
    lines = [json.loads(line) for line in data.splitlines()]
    lines[0]["detail"], lines[1]["detail"] = lines[1]["detail"], lines[0]["detail"]
    return b"".join(json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in lines)


def forged(data: bytes) -> bytes:
    """Put another root under the signature."""
    origin, size, _, *rest = data.decode().split("\n")
    return "\n".join([origin, size, base64.b64encode(bytes(32)).decode(), *rest]).encode()


def garbled(data: bytes) -> bytes:
    return data[:40] + bytes([data[40] ^ 0x40]) + data[41:]


TAMPERED = [
    # file, change, whether SHA256SUMS is made anew, code
    ("events.ndjson", without(3), True, 12),
    ("events.ndjson", without(3), False, 12),
    ("events.ndjson", swapped, True, 12),
    ("events.ndjson", renumbered, True, 13),
    ("events.ndjson", other_body, True, 13),
    ("events.ndjson", other_leaf, True, 13),
    ("events.ndjson", lambda d: d[:-1].rpartition(b"\n")[0] + b"\n", True, 12),
    ("events.ndjson", lambda d: d.replace(b'"leaf":"', b'"leaf":"zz', 1), True, 10),
    ("events.ndjson", lambda d: d.replace(b'\\"v\\":1', b'\\"v\\": 1', 1), True, 10),
    ("events.ndjson", lambda d: d.replace(b"search.run", b"search.fun", 1), True, 10),
    ("proof.json", lambda _: b'{"before":[],"after":["' + b"00" * 32 + b'"]}', True, 13),
    ("proof.json", lambda _: b"[]", True, 10),
    ("checkpoint.note", forged, True, 15),
    ("checkpoint.note", garbled, True, 15),
    ("checkpoint.note", lambda _: b"", True, 15),
    ("previous.note", forged, True, 15),
    ("pub/1.pem", lambda d: d.replace(b"MCow", b"MCox"), True, 15),
    ("details.ndjson", other_salt, True, 10),
    ("details.ndjson", without(1), True, 10),
    ("details.ndjson", lambda d: d.replace(b'"salt": "', b'"salt": "00', 1), True, 10),
    ("报告.csv", lambda d: d + b"x", False, 10),
    ("报告.html", lambda d: d.replace("检索".encode(), "下载".encode()), False, 10),
    ("verify.py", lambda d: d.replace(b"13", b"31"), False, 10),
    ("manifest.json", lambda d: d.replace(b'"search.run"', b'"audit.read"'), True, 10),
    ("manifest.json", lambda d: d.replace(b"FW-HC", b"FW-HD"), False, 10),
    ("SHA256SUMS", lambda d: d[:-3], False, 10),
]


@pytest.mark.parametrize("case", range(len(TAMPERED)))
def test_both_verifiers_say_the_same_of_a_tampered_bundle(
    found: Furnished, tmp_path: Path, case: int
) -> None:
    name, change, sums, code = TAMPERED[case]
    tampered = found.bundle.changed(name, change, sums=sums)
    assert tampered.files[name] != found.bundle.files[name]
    script, ours = verdicts(tampered.put(tmp_path / "tampered.zip"))
    assert script == ours
    assert script[0] == code


def test_a_checkpoint_by_another_key_is_refused(found: Furnished, tmp_path: Path) -> None:
    # who has the whole bundle can sign it anew and put their own key in: --pub finds that
    stranger = Ed25519PrivateKey.generate()
    read = checkpoints.parse(found.bundle.files["checkpoint.note"].decode()).checkpoint
    own = tmp_path / "anchor.pem"
    own.write_text(checkpoints.pem(found.key.public_key()))
    files = dict(found.bundle.files)
    files["checkpoint.note"] = checkpoints.sign(read, stranger).encode()
    path = Bundle(files).summed().put(tmp_path / "one.zip")
    assert verdicts(path) == ((15, read.size), (15, read.size))
    del files["previous.note"]
    files["pub/1.pem"] = checkpoints.pem(stranger.public_key()).encode()
    path = Bundle(files).summed().put(tmp_path / "both.zip")
    assert verdicts(path)[0] == (0, None)
    assert verdicts(path, "--pub", str(own))[0][0] == 15


def test_two_signed_checkpoints_that_contradict_are_a_fork(
    found: Furnished, tmp_path: Path
) -> None:
    read = checkpoints.parse(found.bundle.files["previous.note"].decode()).checkpoint
    other = checkpoints.sign(Checkpoint(read.origin, read.size, bytes(32)), found.key)
    tampered = found.bundle.changed("previous.note", lambda _: other.encode(), sums=True)
    script, ours = verdicts(tampered.put(tmp_path / "fork.zip"))
    assert script == ours == (16, read.size + 1)


def test_a_range_that_the_anchor_has_not_signed_is_said_so(
    found: Furnished, tmp_path: Path
) -> None:
    path = found.unsigned.put(tmp_path / "unsigned.zip")
    manifest = found.unsigned.json("manifest.json")
    assert manifest["signed"]["size"] is None
    assert any("没有已签名的检查点" in zh for zh, _ in manifest["not_proven"])
    said = subprocess.run(
        [sys.executable, "-I", str(SCRIPT), str(path)], capture_output=True, text=True, check=True
    )
    assert "结论：通过" in said.stdout
    assert "Not proven: No signed checkpoint" in said.stdout


def test_what_is_no_bundle_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(b"rubbish")
    done = subprocess.run([sys.executable, "-I", str(SCRIPT), str(path)], check=False)
    assert done.returncode == 2
    with pytest.raises(Invalid):
        checking.check(path)


def test_the_script_is_plain_python_of_old_and_imports_nothing_of_ours() -> None:
    tree = ast.parse(SCRIPT.read_text("utf-8"), feature_version=(3, 9))
    imported = {
        name.name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for name in node.names
    }
    imported |= {
        node.module.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module
    }
    assert imported - set(sys.stdlib_module_names) == {"cryptography"}
    called = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not called & {"bit_count", "pairwise"}


# -- hidden numbers ----------------------------------------------------------------------------


def test_numbers_that_the_auditor_names_are_opened_and_compared(
    world: World, tmp_path: Path
) -> None:
    export_id = asked(world, wanted=Sought(action="search.run"))
    world.work()
    bundle = Bundle.of(fetched(world, export_id))
    hidden = [line["seq"] for line in bundle.lines() if "leaf" in line][:5]
    subject = Subject("export", export_id)
    with world.archive.call(
        world.actor("auditor"), Action.AUDIT_EXPORT, subject, writes=False
    ) as call:
        opened = handing.open_numbers(call, export_id, "FW-1", hidden)
    answer = tmp_path / "opened.ndjson"
    answer.write_text("".join(f"{handing.line(one)}\n" for one in opened))
    path = bundle.put(tmp_path / "b.zip")
    assert verdicts(path, "--opened", str(answer))[0] == (0, None)
    # an entry that was hidden though it fits: the archive lied when it packed
    first = json.loads(opened[0].body or "")
    lying = bundle.changed(
        "manifest.json",
        lambda d: d.replace(b'"search.run"', f'"search.run", "{first["action"]}"'.encode()),
        sums=True,
    )
    path = lying.put(tmp_path / "lying.zip")
    assert verdicts(path, "--opened", str(answer))[0] == (10, hidden[0])


def test_opening_numbers_needs_a_case_number_and_the_bundles_own_range(world: World) -> None:
    export_id = asked(world)
    subject, actor = Subject("export", export_id), world.actor("auditor")

    def opening(case: str, numbers: list[int]) -> None:
        with world.archive.call(actor, Action.AUDIT_EXPORT, subject, writes=False) as call:
            handing.open_numbers(call, export_id, case, numbers)

    for case, numbers in (("", [1]), (" ", [1]), ("FW", []), ("FW", [10**9]), ("FW", [0])):
        with pytest.raises(Invalid):
            opening(case, numbers)


# -- who may, and what is left -----------------------------------------------------------------


def test_a_bundle_is_seen_by_who_asked_and_the_receiver_alone(world: World) -> None:
    legal = world.id("legal")
    export_id = asked(world, receiver=legal)
    world.work()
    assert fetched(world, export_id, by="legal")
    alone = asked(world)
    world.work()
    with pytest.raises(Hidden):
        fetched(world, alone, by="legal")
    for login in ("sales", "archivist", "management", "security_admin", "system_admin"):
        with pytest.raises(Denied):
            fetched(world, export_id, by=login)
    with pytest.raises(NotFound):
        fetched(world, "a" * 26)


def test_nobody_else_can_receive_one(world: World) -> None:
    for login in ("sales", "auditor"):
        with pytest.raises(Invalid):
            asked(world, receiver=world.id(login))


def test_a_bundle_needs_a_case_number_and_a_statement(world: World) -> None:
    actor = world.actor("auditor")
    for case, statement in (("", "x"), ("x", ""), ("x\x1b", "x"), ("x" * 61, "x")):
        new = exports.New(case, statement, Sought(), details=True)
        with (
            pytest.raises(Invalid),
            world.archive.call(actor, Action.AUDIT_EXPORT, Subject("export"), writes=True) as call,
        ):
            exports.request(call, new)


@pytest.mark.parametrize(
    "sign", ["\u2028", "\u2029", "\x85", "\x0b", "\x1c", "\r", "\u202e", "\u2066"]
)
def test_a_statement_breaks_its_lines_only_where_a_form_does(world: World, sign: str) -> None:
    with pytest.raises(Invalid) as refusal:
        asked(world, statement=f"第一行{sign}第二行")
    assert refusal.value.fields == {"statement": "control_characters"}


@pytest.mark.parametrize("text", ["第一行\r\n第二行\n第三行", "案件\u3000复查"])
def test_a_statement_may_have_lines_and_wide_blanks(world: World, text: str) -> None:
    assert asked(world, statement=text)


def test_asking_making_and_delivering_are_in_the_log(world: World) -> None:
    export_id = asked(world)
    world.work()
    assert fetched(world, export_id)
    with world.archive.db.read() as db:
        of_bundle = select(AuditEvent.phase, AuditEvent.decision, AuditEvent.actor).where(
            AuditEvent.action == "audit.export", AuditEvent.object == export_id
        )
        phases = [tuple(row) for row in db.execute(of_bundle.order_by(AuditEvent.seq))]
    me = world.id("auditor")
    assert phases == [
        ("event", "allow", me),
        ("intent", None, "worker"),
        ("outcome", "allow", "worker"),
        ("intent", None, me),
        ("outcome", "allow", me),
        ("delivered", "allow", me),
    ]
    assert world.verify().code == 0


def test_what_was_fetched_often_enough_or_is_too_old_goes_away(world: World) -> None:
    before = stored(world)
    often, old = asked(world), asked(world)
    world.work()
    assert len(stored(world) - before) == 2
    fetched(world, often)
    fetched(world, often)
    with pytest.raises(Conflict):
        fetched(world, often)
    with world.archive.db.write() as db:
        past = datetime.now(UTC) - timedelta(seconds=1)
        db.execute(update(AuditExport).where(AuditExport.id == old).values(expires=past))
    with pytest.raises(Conflict):
        fetched(world, old)
    assert handing.clear(world.archive) == 2
    assert stored(world) == before
    with world.archive.db.read() as db:
        rows = [db.get_one(AuditExport, one) for one in (often, old)]
    assert [(row.state, row.blob, row.key_ct) for row in rows] == [("removed", None, None)] * 2


def stored(world: World) -> set[str]:
    return {each.name for each in world.archive.blobs.list()}


def test_nothing_of_a_bundle_lies_in_clear(world: World) -> None:
    before = stored(world)
    export_id = asked(world)
    world.work()
    (name,) = stored(world) - before
    assert b"events.ndjson" not in world.archive.blobs.open(name).read()
    with world.archive.db.read() as db:
        assert b"FW-HC" not in db.get_one(AuditExport, export_id).asked_ct


def test_a_job_that_runs_twice_makes_one_bundle(world: World) -> None:
    before = stored(world)
    export_id, blob = asked(world), new_id()
    world.archive.blobs.put(object_name(blob), io.BytesIO(b"half"), 4)
    with world.archive.db.write() as db:
        # a run that was interrupted after it had written the object down
        row = db.get_one(AuditExport, export_id)
        row.state, row.blob = "running", blob
    world.work()
    assert fetched(world, export_id)
    assert len(stored(world) - before) == 1


def test_details_that_were_erased_are_counted_and_leave_the_rest_provable(
    world: World, tmp_path: Path
) -> None:
    world.search("不再", by="sales")
    with world.archive.db.write() as db:
        db.execute(update(AuditDetail).values(key="gone"))
    bundle = Bundle.of(made(world, wanted=Sought(action="search.run"), details=True))
    assert bundle.json("manifest.json")["details"]["absent"] > 0
    assert verdicts(bundle.put(tmp_path / "b.zip")) == ((0, None), (0, None))


# -- encrypted to the auditor ------------------------------------------------------------------


@pytest.fixture(scope="module")
def auditors() -> rsa.RSAPrivateKey:
    """The key of an auditor."""
    return rsa.generate_private_key(65537, 2048)


def test_a_bundle_is_encrypted_to_the_auditors_certificate(
    world: World, auditors: rsa.RSAPrivateKey, tmp_path: Path
) -> None:
    pem = certificate(auditors)
    sealed = made(world, certificate=pem)
    assert b"events.ndjson" not in sealed
    private = auditors.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    key = load_pem_private_key(private, None)
    read = x509.load_pem_x509_certificate(pem.encode())
    plain = pkcs7_decrypt_der(sealed, read, key, [])  # type: ignore[arg-type]
    assert verdicts(Bundle.of(plain).put(tmp_path / "b.zip")) == ((0, None), (0, None))


def test_what_nothing_can_be_encrypted_to_is_refused() -> None:
    short = certificate(ec.generate_private_key(ec.SECP256R1()))
    for text in ("", "x", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", short):
        with pytest.raises(Invalid):
            envelopes.certificate(text)
