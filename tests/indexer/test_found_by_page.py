"""Documents of several kinds, from the upload to a hit on the right page."""

from service.codes import Processing
from tests.indexer import odfs, sheets
from tests.indexer.odfs import cell, frame, odf, p, row, slide
from tests.indexer.pptxs import deck, paragraph, shape, table, title
from tests.world import World


def pages(world: World, words: str, *, by: str = "service_officer") -> dict[str, set[int]]:
    """Return which pages of which documents hold the words."""
    answer = world.search(words, by=by)
    return {item.id: {page.no for page in item.pages} for item in answer.items}


def test_a_deck_is_found_by_its_slides_notes_and_tables_on_their_pages(world: World) -> None:
    customer = world.customer(owner="sales")
    content = deck(
        title("焊接工作站"),
        title("报价明细") + table(("KR210", "两台")),
        sides={2: {"notesSlide": shape(paragraph("先讲交期"), kind="body")}},
    )
    made = world.document(customer.id, content, file_name="材料.pptx")
    world.work()
    for words, page in {"焊接工作站": 1, '"KR210 两台"': 2, "先讲交期": 2}.items():
        assert pages(world, words) == {made.id: {page}}, words
        assert pages(world, words, by="sales2") == {}
    assert pages(world, "母版标题") == pages(world, "版式上的字") == {}


def test_a_locked_deck_and_a_broken_one_fail_with_their_reason(world: World) -> None:
    customer = world.customer()
    files = {"锁.pptx": (sheets.locked(), "password"), "坏.pptx": (deck("<p:sp>"), "damaged")}
    made = {n: world.document(customer.id, data, file_name=n) for n, (data, _) in files.items()}
    world.work()
    for name, (data, reason) in files.items():
        found = world.shown(made[name].id, "service_officer").version
        assert (found.processing, found.error) == (Processing.FAILED, reason), name
        assert world.original(made[name].id, "service_officer") == data


def test_a_web_page_is_found_by_what_it_shows_and_not_by_what_it_hides(world: World) -> None:
    customer = world.customer(owner="sales")
    source = (
        "<html><head><meta charset=gb2312><title>询价单</title><script>var 脚本</script></head>"
        "<body><p hidden>暗记</p><table><tr><td>焊接变位机<td>三台</table></body></html>"
    )
    made = world.document(customer.id, source.encode("gb18030"), file_name="询价.xls")
    world.work()
    for words in ("询价单", '"焊接变位机 三台"'):
        assert pages(world, words) == {made.id: {1}}, words
        assert pages(world, words, by="sales2") == {}
    assert pages(world, "暗记") == pages(world, "脚本") == {}


def test_opendocument_is_found_by_its_text_sheets_and_slides_on_their_pages(world: World) -> None:
    customer = world.customer(owner="sales")
    files = {
        "函.odt": odf(
            "text", p("延期交货致歉"), headers=f"<style:header>{p('函头')}</style:header>"
        ),
        "价.ods": odf("spreadsheet", odfs.table(row(cell("甲"))) + odfs.table(row(cell("15.3%")))),
        "讲.odp": odf("presentation", slide(p("封面")) + slide(notes=frame("答疑准备"))),
    }
    made = {n: world.document(customer.id, data, file_name=n).id for n, data in files.items()}
    world.work()
    for words, name, page in [
        ("延期交货致歉", "函.odt", 1),
        ("函头", "函.odt", 1),
        ("15.3%", "价.ods", 2),
        ("答疑准备", "讲.odp", 2),
    ]:
        assert pages(world, words) == {made[name]: {page}}, words
        assert pages(world, words, by="sales2") == {}


def test_rtf_under_the_name_of_word_is_found_by_its_text_and_not_by_its_codes(world: World) -> None:
    customer = world.customer(owner="sales")
    words = "".join(f"\\'{byte:02x}" for byte in "补充协议延期".encode("gbk"))
    source = f"{{\\rtf1\\ansi\\ansicpg936{{\\info{{\\title Draftname}}}}{words}\\u21345?\\par}}"
    made = world.document(customer.id, source.encode(), file_name="协议.doc")
    world.work()
    assert pages(world, '"补充协议延期卡"') == {made.id: {1}}
    assert pages(world, "补充协议", by="sales2") == {}
    assert pages(world, "Draftname") == pages(world, "ansicpg936") == {}
