"""A folder of files dropped at once: its own page, going on after the page was closed, its sums."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.checking import by_axe, by_rule, wider_than
from tests.browser.dropping import drop
from tests.browser.people import Demo, page_of
from tests.live import axe as axe_core
from tests.screens import SIZES

pytestmark = pytest.mark.browser

OFFICER = "luqinghe"
FILES = 12

#: a slow network: after some files, what is sent hangs until `hurry`
SLOW = """most => {
  const send = XMLHttpRequest.prototype.send, held = [];
  let sent = 0, free = false;
  XMLHttpRequest.prototype.send = function (body) {
    sent += 1;
    if (free || sent <= most) send.call(this, body); else held.push(() => send.call(this, body));
  };
  window.hurry = () => { free = true; held.forEach(go => go()); };
}"""

#: counts what is from now on told of everything that happens on the page
COUNTED = """() => {
  const add = document.addEventListener;
  window.added = 0;
  document.addEventListener = (...what) => { window.added += 1; add.apply(document, what); };
}"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with folders in it; two files have the same name, one is empty."""
    top = tmp_path / "隼翼移交"
    for n in range(FILES - 1):
        path = top / f"第{n % 3}箱" / ("说明.txt" if n < 2 else f"纪要{n}.txt")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"移交第{n}份：示教器外壳", encoding="utf-8")
    (top / "空.txt").write_text("", encoding="utf-8")
    return top


def upload_page(page: Page, url: str) -> None:
    page.goto(f"{url}/customers?category=active&q=隼翼")
    listed = page.locator("main a[href*='/customers/']").filter(has_text="隼翼")
    customer = str(listed.first.get_attribute("href")).rsplit("/", 1)[-1].split("?")[0]
    page.goto(f"{url}/upload?customer={customer}")


def dropped(page: Page, folder: Path) -> None:
    """Drop a folder on the upload page, give all its files a type, and send them."""
    drop(page, folder)
    expect(page.locator("[data-send]")).to_have_text(f"上传（{FILES} 份）")
    page.locator("select#kind").select_option("minutes")
    page.locator("[data-send]").click()
    expect(page).to_have_url(re.compile(r"/imports/\w+$"))


def test_a_dropped_folder_goes_on_after_the_page_was_closed_in_the_middle(
    browser: Browser, demo: Demo, folder: Path
) -> None:
    page = page_of(browser, demo, OFFICER)
    page.on("dialog", lambda dialog: dialog.accept())
    upload_page(page, demo.url)
    page.evaluate(SLOW, 5)  # the rest hangs, until the page is closed
    dropped(page, folder)
    expect(page.locator("h1")).to_have_text("上传与归档")
    expect(page.locator("[data-told]")).to_contain_text("正在上传")
    second = page.locator("#items tr").filter(has_text="第1箱").locator("[data-name]")
    assert second.all_inner_texts() == ["纪要4.txt", "纪要7.txt", "纪要10.txt", "说明.txt"]
    expect(page.locator("#sums")).to_have_attribute("data-left", str(FILES - 5), timeout=15_000)
    expect(page.locator("#remaining")).to_have_text(
        re.compile(r"约剩 \d+ 分 \d+ 秒，.+/秒"), timeout=15_000
    )
    page.reload()
    expect(page.locator("form[data-more]")).to_contain_text(f"还有 {FILES - 5} 份文件未到")
    drop(page, folder)
    expect(page.locator("#sums")).to_have_attribute("data-state", "done", timeout=30_000)
    expect(page.locator("#sums")).to_contain_text(f"可检索 {FILES - 1}", timeout=30_000)
    expect(page.locator("#sums")).to_contain_text("数目相符")
    expect(page.locator("#items tr")).to_have_count(FILES)
    empty = page.locator("#items tr").filter(has_text="空.txt")
    expect(empty).to_contain_text("文件是空的")
    expect(page.locator("#items")).to_contain_text("隼翼移交/第0箱")
    for width, height in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        assert by_axe(page, axe_core.script()) + by_rule(page, phone=width == min(SIZES)) == []
    assert wider_than(page, 320) == []
    page.goto(f"{demo.url}/search?q=移交第3份")
    expect(page.locator("article")).to_have_count(1)


def test_a_folder_waits_as_a_whole_until_every_file_has_a_type(
    browser: Browser, demo: Demo, tmp_path: Path
) -> None:
    page = page_of(browser, demo, OFFICER)
    upload_page(page, demo.url)
    folder = tmp_path / "隼翼待定"
    folder.mkdir()
    for name in ("维修记录.txt", "其余.txt"):
        (folder / name).write_text(f"待定的{name}", encoding="utf-8")
    expect(page.locator("[data-send]")).to_have_text("上传")
    drop(page, folder)
    rows = {
        name: page.locator("#uploads tr").filter(has_text=f"{name}.txt").first
        for name in ("维修记录", "其余")
    }
    page.locator("[data-send]").click()
    expect(rows["其余"].locator("select[name=kind]")).to_be_focused()
    expect(rows["其余"].locator("[data-state]")).to_have_text("请选择类型")
    expect(rows["维修记录"].locator("[data-state]")).to_have_text("尚未上传")
    rows["其余"].locator("select[name=kind]").select_option("minutes")
    expect(page.locator("[data-send]")).to_have_text("上传（2 份）")
    page.locator("[data-send]").click()
    expect(page).to_have_url(re.compile(r"/imports/\w+$"))
    expect(page.locator("#sums")).to_contain_text("应到 2")


def test_an_import_is_stopped_and_goes_on_without_choosing_again(
    browser: Browser, demo: Demo, folder: Path
) -> None:
    page = page_of(browser, demo, OFFICER)
    upload_page(page, demo.url)
    for path in folder.rglob("*.txt"):
        path.write_text(f"{path.name}{path.parent.name}另一批", encoding="utf-8")
    page.evaluate(SLOW, 0)
    dropped(page, folder)
    expect(page.get_by_text("上传中").first).to_be_visible()
    page.evaluate(COUNTED)
    page.get_by_role("button", name="停止").click()
    expect(page.get_by_role("button", name="继续")).to_be_visible()
    page.evaluate("() => window.hurry()")
    page.get_by_role("button", name="继续").click()
    expect(page.locator("#sums")).to_have_attribute("data-state", "done", timeout=30_000)
    expect(page.locator("#sums")).to_contain_text("数目相符")
    expect(page.locator("#items tr").filter(has_text="尚未收到")).to_have_count(0)
    assert page.evaluate("() => window.added") == 0  # however often the page is drawn again
