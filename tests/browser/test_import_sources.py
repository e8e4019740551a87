"""Photos put in order at the page, and a list compared with a folder, in a real browser."""

import io
import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser.people import Demo, page_of

pytestmark = pytest.mark.browser

OFFICER = "luqinghe"
PHONE = {"width": 390, "height": 844}


def customer_of(page: Page, url: str) -> str:
    page.goto(f"{url}/customers?category=active&q=隼翼")
    listed = page.locator("main a[href*='/customers/']").filter(has_text="隼翼")
    return str(listed.first.get_attribute("href")).rsplit("/", 1)[-1].split("?")[0]


def photo(colour: str) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (640, 480), colour).save(target, "JPEG")
    return target.getvalue()


def test_photos_are_taken_moved_and_removed_and_stay_when_the_connection_breaks(
    browser: Browser, demo: Demo
) -> None:
    page = page_of(browser, demo, OFFICER)
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    customer = customer_of(page, demo.url)
    page.locator(".foot a", has_text="拍照上传").click()
    expect(page).to_have_url(re.compile(r"/photos$"))
    page.goto(f"{demo.url}/photos?customer={customer}")
    shots = [
        {"name": f"{colour}.jpg", "mimeType": "image/jpeg", "buffer": photo(colour)}
        for colour in ("red", "green", "blue")
    ]
    page.locator("#photo").set_input_files(shots[:2])  # type: ignore[arg-type]
    page.locator("[data-camera]").set_input_files(shots[2])  # type: ignore[arg-type]
    names = page.locator("[data-list] [data-name]")
    expect(names).to_have_text(["red.jpg", "green.jpg", "blue.jpg"])
    page.get_by_label("把 blue.jpg 前移").click()
    page.get_by_label("移除 red.jpg").click()
    expect(names).to_have_text(["blue.jpg", "green.jpg"])
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.locator("#title").fill("现场照片")
    page.locator("#kind").select_option("acceptance")
    page.context.set_offline(True)
    page.get_by_role("button", name="作为一份文件发送").click()
    expect(page.locator("[data-told]")).to_contain_text("照片还在本页")
    page.context.set_offline(False)
    page.get_by_role("button", name="作为一份文件发送").click()
    expect(page).to_have_url(re.compile(r"/upload\?customer="))
    made = page.locator("#uploads tr").first
    expect(made).to_contain_text("照片")
    place = made.locator("td.num a[href*='/documents/']").get_attribute("href")
    content = page.request.get(f"{demo.url}{place}/content").body()
    order = [content.find(photo(colour)) for colour in ("blue", "green")]
    assert 0 < order[0] < order[1]
    assert photo("red") not in content


def handed_over(tmp_path: Path, name: str) -> tuple[Path, str]:
    """Return a folder of two files, and a list that names one of them and one that lacks."""
    top = tmp_path / name
    (top / "甲").mkdir(parents=True)
    (top / "甲" / "一.txt").write_text(f"{name}清单里的第一份", encoding="utf-8")
    (top / "二.txt").write_text(f"{name}没有列出", encoding="utf-8")
    return top, "文件,类型,题名\n甲/一.txt,验收单,首件验收\n三.txt,验收单,\n"


def begun(page: Page) -> None:
    """See what was found, begin, and wait until the files that were chosen once are in."""
    expect(page.locator("#preview")).to_contain_text("可以接收 1 份", timeout=20_000)
    expect(page.locator("#preview")).to_contain_text("没有这份文件")
    page.get_by_role("button", name="导入 1 份").click()
    expect(page.locator("#main")).to_contain_text("请勾选跳过不能接收的内容")
    page.locator("[name=leave_out]").check()
    page.get_by_role("button", name="导入 1 份").click()
    expect(page.locator("#items")).to_contain_text("可检索", timeout=30_000)
    expect(page.locator("#sums")).to_contain_text("数目相符")


def test_a_list_and_a_folder_are_chosen_once_and_compared_before_the_files_are_sent(
    browser: Browser, demo: Demo, tmp_path: Path
) -> None:
    page = page_of(browser, demo, OFFICER)
    customer = customer_of(page, demo.url)
    top, words = handed_over(tmp_path, "移交")
    listed = tmp_path / "移交单.csv"
    listed.write_text(words, "utf-8-sig")
    page.goto(f"{demo.url}/imports/new?customer={customer}")
    told = page.locator("form[data-listed] [data-told]")
    page.get_by_role("button", name="核对清单和文件夹").click()
    expect(told).to_contain_text("请选择文件所在的文件夹")
    page.locator("#listed-folder").set_input_files(top)
    page.get_by_role("button", name="核对清单和文件夹").click()
    expect(told).to_contain_text("请选择清单")
    page.locator("#list").set_input_files(listed)
    page.get_by_role("button", name="核对清单和文件夹").click()
    expect(page).to_have_url(re.compile(r"/imports/\w+$"))
    begun(page)


def test_a_list_that_lies_in_the_folder_is_found_there(
    browser: Browser, demo: Demo, tmp_path: Path
) -> None:
    page = page_of(browser, demo, OFFICER)
    customer = customer_of(page, demo.url)
    top, words = handed_over(tmp_path, "交接")
    (top / "清单.csv").write_text(words, "utf-8-sig")
    page.goto(f"{demo.url}/imports/new?customer={customer}")
    page.locator("#listed-folder").set_input_files(top)
    page.get_by_role("button", name="核对清单和文件夹").click()
    expect(page).to_have_url(re.compile(r"/imports/\w+$"))
    expect(page.locator("#items")).not_to_contain_text("清单.csv")
    begun(page)
    expect(page.locator("#preview")).to_have_count(0)
