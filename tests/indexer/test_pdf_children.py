"""Files that a PDF holds become documents that stand, move and leave with it."""

import pytest

from service.codes import Filing, Processing
from service.documents import DocumentView
from service.errors import Hidden
from service.models import Job
from tests.indexer import pdf_holders, pdfs
from tests.indexer.test_children import OFFICER, counts, left, titles
from tests.indexer.test_locked_files import secrets_kept, tried
from tests.service.test_viruses import EICAR
from tests.world import World

INVOICE = '<?xml version="1.0"?><发票><货物>谐波减速器</货物></发票>'.encode()


def brought(world: World, content: bytes, *, name: str = "发票.pdf") -> DocumentView:
    """Return a PDF once everything is read."""
    made = world.document(world.customer().id, content, file_name=name)
    world.work()
    return world.shown(made.id, OFFICER)


def test_the_data_of_an_invoice_is_a_document_of_its_own_beside_it(world: World) -> None:
    content = pdf_holders.belonging_to_all([pdf_holders.file("发票数据.xml", INVOICE)])
    view = brought(world, content)
    assert (titles(view), left(view)) == (["发票数据"], [])
    assert view.version.processing is Processing.SEARCHABLE
    child = world.shown(view.family.children[0].id, OFFICER)
    assert child.family.parent
    assert child.family.parent.id == view.id
    assert (child.kind, child.grade, child.customer.id) == (view.kind, view.grade, view.customer.id)
    assert (child.version.file_name, child.created_by) == ("发票数据.xml", view.created_by)
    assert world.original(child.id, OFFICER) == INVOICE
    assert world.original(view.id, OFFICER) == content
    assert world.found("谐波减速器", by=OFFICER) == {child.id}
    assert world.found("KR210", by=OFFICER) == {view.id}
    assert {one.filing for one in world.file(view.id).family.children} == {Filing.FILED}


def test_who_may_not_see_a_pdf_does_not_see_what_came_with_it(world: World) -> None:
    content = pdf_holders.hung_on_page([pdf_holders.file("发票.xml", INVOICE)])
    view = brought(world, content)
    (child,) = view.family.children
    assert world.found("谐波减速器", by=OFFICER) == {child.id}
    for stranger in ("sales2", "hr", "finance"):
        assert world.found("谐波减速器", by=stranger) == set()
        for document in (view.id, child.id):
            with pytest.raises(Hidden):
                world.shown(document, stranger)
    world.withdraw(view.id, OFFICER)
    assert world.found("谐波减速器", by=OFFICER) == set()


def test_what_is_not_taken_out_of_a_pdf_is_named_with_its_reason(world: World) -> None:
    stream = pdfs.stream(b"\x78\x9c\xff\xff\xff", b"/Filter/FlateDecode")
    files = [
        pdf_holders.file("x.exe", b"MZ" + bytes(100)),
        pdf_holders.file("eicar.txt", EICAR),
        pdf_holders.file("空.txt", b""),
        (pdf_holders.named("坏.docx"), stream),
        (pdf_holders.named("炸弹.txt"), pdf_holders.bomb()),
        pdf_holders.file("../合同.txt", "谐波减速器".encode()),
        pdf_holders.file("合同.txt", "第二份".encode()),
    ]
    view = brought(world, pdf_holders.portfolio(files), name="资料包.pdf")
    assert titles(view) == ["合同", "合同"]
    assert left(view) == [
        ("x.exe", "Programs and scripts are not taken."),
        ("eicar.txt", "virus"),
        ("空.txt", "The file is empty."),
        ("坏.docx", "damaged"),
        ("炸弹.txt", "too_complex"),
    ]
    assert counts(view) == (2, 7)
    assert view.version.processing is Processing.SEARCHABLE


def test_pdfs_in_pdfs_are_taken_to_a_depth(world: World) -> None:
    content = pdfs.written(["最里面"])
    for level in range(5):
        content = pdf_holders.named_in_tree([pdf_holders.file(f"{level}.pdf", content)])
    view, depth = brought(world, content), 0
    while view.family.children:
        view = world.shown(view.family.children[0].id, OFFICER)
        depth += 1
    assert depth == 3
    assert left(view) == [("1.pdf", "too_deep")]


def test_files_in_a_locked_pdf_are_taken_with_its_password(world: World) -> None:
    content = pdf_holders.belonging_to_all([pdf_holders.file("发票.xml", INVOICE)])
    view = brought(world, pdf_holders.locked(content, "secret", "AES-256"))
    assert (view.version.error, view.family.children) == ("password", ())
    assert tried(world, view.id, "Secret").family.children == ()
    (child,) = tried(world, view.id, "secret").family.children
    assert world.found("谐波减速器", by=OFFICER) == {child.id}
    assert secrets_kept(world) == []


def test_a_pdf_without_words_gives_out_its_files_and_one_without_files_costs_no_job(
    world: World,
) -> None:
    blank = pdf_holders.named_in_tree([pdf_holders.file("发票.xml", INVOICE)])
    blank = blank.replace(pdf_holders.WORDS, b" " * len(pdf_holders.WORDS))
    view = brought(world, blank)
    assert view.version.processing is Processing.PROPERTIES_ONLY
    assert titles(view) == ["发票"]
    plain = brought(world, pdfs.written(["没有附件"]))
    assert plain.family.unpacked is None
    with world.archive.db.read() as db:
        unpacked = db.query(Job).filter(Job.kind == "unpack").count()
    assert unpacked == 1
