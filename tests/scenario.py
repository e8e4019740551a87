"""The main job as tests that hold wherever an archive runs; subclasses bring the `world`.

A colleague drops a document on a customer's file; who may see it finds it by its words and gets
the original back; who may not finds nothing; the log proves both.
"""

import random

import pytest

from indexer.reconcile import drift
from service import filing, finding, originals, signins
from service.audit.entries import Subject
from service.audit.verify import Code
from service.codes import Category, Filing, Role
from service.errors import Denied, Hidden
from service.models import AuditEvent, AuditTouch
from service.originals import Wanted
from service.permissions import Action, Actor
from tests.world import World, password

CONTRACT = """工业机器人采购合同 HT-2026-0031
第一条 标的:KR210 型焊接机器人六台,谐波减速器随机备件两套。
第三条 质保期二十四个月,自终验收之日起算。"""

#: who may read a contract of an active customer that `sales` owns
READERS = {
    "sales",
    "sales_head",
    "service_officer",
    "service_manager",
    "archivist",
    "archivist2",
    "management",
    "legal",
}
EVERYBODY = {*map(str, Role), "sales2", "sales_head", "archivist2"}


def signed_in(world: World, login: str) -> Actor:
    """Sign somebody in as a browser does, and come back with the cookie's token."""
    archive = world.archive
    begun = signins.sign_in(archive, login, password(login), address="192.0.2.7", agent="test")
    actor = signins.resolve(archive, begun.token, address="192.0.2.7", agent="test")
    assert actor is not None
    return actor


def download(
    world: World, document: str, *, by: str, wanted: Wanted | None = None, no: int | None = None
) -> bytes:
    """Fetch an original, or a range of it, as a page does."""
    subject = Subject("document", document)
    with world.archive.call(world.actor(by), Action.DOCUMENT_ORIGINAL, subject) as call:
        original = originals.fetch(call, document, version_no=no, wanted=wanted)
    return b"".join(original.chunks())


def decisions(world: World, action: Action) -> list[tuple[str, str | None]]:
    """Return phase and decision of every entry of an action, in order."""
    with world.archive.db.read() as db:
        rows = db.query(AuditEvent).filter_by(action=str(action)).order_by(AuditEvent.seq)
        return [(row.phase, row.decision) for row in rows]


class MainJob:
    def test_a_contract_is_found_by_all_who_may_read_it_and_by_nobody_else(self, world):
        customer = world.customer(category=Category.ACTIVE, owner="sales")
        document = world.document(customer.id, CONTRACT, kind="contract", by="sales")
        world.work()
        finders = {who for who in EVERYBODY if document.id in world.found("谐波减速器", by=who)}
        assert finders == READERS
        for words in ("KR 210", "kr-210", '"质保期二十四个月"', "减速 合同", "焊接 -涂装"):
            assert world.found(words, by="legal") == {document.id}, words
            assert world.found(words, by="technical") == set(), words
        assert world.found("不在任何文件里的词", by="archivist") == set()

    def test_who_may_not_learns_nothing_from_totals_and_facets(self, world):
        customer = world.customer(category=Category.ACTIVE, owner="sales")
        world.document(customer.id, CONTRACT, kind="contract")
        world.work()
        for who in EVERYBODY - READERS:
            answer = world.search("谐波减速器", by=who)
            assert answer.total == 0
            assert not any(value.count for group in answer.facets.values() for value in group)

    def test_the_snippet_shows_the_words_that_were_asked_for(self, world):
        customer = world.customer(category=Category.ACTIVE)
        world.document(customer.id, CONTRACT, kind="contract", file_name="采购合同.txt")
        world.work()
        (item,) = world.search("谐波减速器", by="legal").items
        marked = [s.text for snippet in item.snippets for s in snippet if s.hit]
        assert marked == ["谐波减速器"]
        assert [page.no for page in item.pages] == [1]
        assert item.title == "采购合同"

    def test_the_original_comes_back_byte_for_byte_and_in_ranges(self, world):
        content = "焊接机器人".encode("gb18030") * 40_000
        customer = world.customer()
        document = world.document(customer.id, content, file_name="机器人.txt")
        assert download(world, document.id, by="service_officer") == content
        middle = Wanted(65_000, 197_000)
        assert (
            download(world, document.id, by="archivist", wanted=middle) == content[65_000:197_001]
        )
        last = Wanted(None, 77)
        assert download(world, document.id, by="sales", wanted=last) == content[-77:]
        world.work()
        assert world.found("焊接机器人", by="sales") == {document.id}

    def test_nobody_downloads_what_they_may_not_read(self, world):
        customer = world.customer(category=Category.ACTIVE)
        document = world.document(customer.id, CONTRACT, kind="contract")
        for who in EVERYBODY - READERS:
            with pytest.raises(Hidden):
                download(world, document.id, by=who)
        assert decisions(world, Action.DOCUMENT_ORIGINAL)[:2] == [
            ("intent", None),
            ("outcome", "deny"),
        ]

    def test_documents_follow_their_customer_to_another_category(self, world):
        customer = world.customer(category=Category.INTENDED, owner="sales")
        papers = {world.document(customer.id, f"会议纪要 {n} 谐波减速器").id for n in range(3)}
        world.work()
        # of active customers legal reads minutes; of intended ones only after a request
        assert world.found("谐波减速器", by="legal") == set()
        world.move(customer.id, "active")
        assert world.found("谐波减速器", by="legal") == set()
        assert world.found("谐波减速器", by="archivist") == set()
        world.work()
        assert world.found("谐波减速器", by="legal") == papers
        assert world.found("谐波减速器", by="archivist") == papers
        assert drift(world.archive).drift == 0

    def test_a_newer_version_replaces_the_older_one_once_it_is_read(self, world):
        customer = world.customer()
        document = world.document(customer.id, "第一版 齿轮箱")
        world.work()
        world.file(document.id)
        world.version(document.id, "第二版 谐波减速器")
        assert world.found("齿轮箱", by="archivist") == {document.id}
        world.work()
        assert world.found("齿轮箱", by="archivist") == set()
        assert world.found("谐波减速器", by="archivist") == {document.id}
        first = download(world, document.id, by="archivist", no=1)
        second = download(world, document.id, by="archivist", no=2)
        assert (first.decode(), second.decode()) == ("第一版 齿轮箱", "第二版 谐波减速器")

    def test_a_returned_version_is_found_by_nobody_at_once(self, world):
        customer = world.customer()
        document = world.document(customer.id, "齿轮箱")
        world.work()
        subject = Subject("document", document.id)
        with world.archive.call(world.actor("archivist"), Action.DOCUMENT_RETURN, subject) as call:
            back = filing.send_back(call, document.id, "缺少签字页")
        assert back.version.filing is Filing.RETURNED
        assert world.found("齿轮箱", by="service_officer") == set()
        world.work()
        assert world.found("齿轮箱", by="service_officer") == set()
        assert drift(world.archive).indexed == 0

    def test_a_withdrawn_version_gives_way_to_the_one_before(self, world):
        customer = world.customer()
        document = world.document(customer.id, "第一版 齿轮箱")
        world.version(document.id, "第二版 谐波减速器")
        world.work()
        subject = Subject("document", document.id)
        officer = world.actor("service_officer")
        with world.archive.call(officer, Action.DOCUMENT_WITHDRAW, subject) as call:
            filing.withdraw(call, document.id, "传错文件")
        assert world.found("谐波减速器", by="service_officer") == set()
        world.work()
        assert world.found("齿轮箱", by="service_officer") == {document.id}

    def test_filing_gives_numbers_without_gaps(self, world):
        filed = [world.customer(f"客户{n}有限公司", filed=True) for n in range(3)]
        assert [f.number[-6:] for f in filed if f.number] == ["-00001", "-00002", "-00003"]

    def test_the_log_proves_who_found_and_who_did_not(self, world):
        customer = world.customer(category=Category.ACTIVE, owner="sales")
        document = world.document(customer.id, CONTRACT, kind="contract", by="sales")
        world.work()
        found = {}
        for who in ("legal", "technical"):
            actor = signed_in(world, who)
            with world.archive.call(
                actor, Action.SEARCH_RUN, Subject("search"), detail={"q": "谐波减速器"}
            ) as call:
                answer = finding.search(call, finding.Question("谐波减速器"))
            found[who] = (answer.total, call.event)
        assert (found["legal"][0], found["technical"][0]) == (1, 0)
        with pytest.raises(Denied):
            world.move(customer.id, "ended", by="sales")
        download(world, document.id, by="legal")
        assert decisions(world, Action.SEARCH_RUN) == [("intent", None), ("outcome", "allow")] * 2
        assert [phase for phase, _ in decisions(world, Action.DOCUMENT_ORIGINAL)] == [
            "intent",
            "outcome",
            "delivered",
        ]
        assert decisions(world, Action.CUSTOMER_MOVE_CATEGORY) == [("event", "deny")]
        with world.archive.db.read() as db:
            outcomes = {
                row.ref: row.seq
                for row in db.query(AuditEvent).filter_by(action="search.run", phase="outcome")
            }
            shown = {(t.seq, t.document) for t in db.query(AuditTouch).filter_by(how="snippet")}
        assert shown == {(outcomes[found["legal"][1]], document.id)}
        report = world.verify()
        assert (report.code, report.orphans) == (Code.OK, ())

    def test_random_work_leaves_index_and_log_in_order(self, world):
        chosen = random.Random(20260107)
        customers = [
            world.customer(f"{c}客户有限公司", c) for c in Category if c != Category.POTENTIAL
        ]
        papers = [
            world.document(chosen.choice(customers).id, f"第{n}号 焊接工艺评审", kind="proposal")
            for n in range(8)
        ]
        world.work()
        for customer in customers:
            world.move(
                customer.id, str(chosen.choice([c for c in Category if c != customer.category]))
            )
        for paper in chosen.sample(papers, 4):
            world.version(paper.id, "更新 焊接工艺评审")
        world.work()
        state = drift(world.archive)
        assert (state.drift, state.indexed, state.waiting, state.marks) == (0, 8, 0, 0)
        assert world.verify().code is Code.OK
