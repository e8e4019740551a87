"""The main job as people do it, in a real browser: upload, find, read, be refused, be logged."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from tests.browser.dropping import drop
from tests.browser.people import Demo, page_of
from tests.screens import sign_in

pytestmark = pytest.mark.browser

OFFICER, OTHER_SALES, AUDITOR = "luqinghe", "zhoumuye", "yanshouzhuo"
ARCHIVIST = "shenyingxue"

#: a sentence that stands in no document of the demo archive
SENTENCE = "紫檀色示教器外壳在第九工位出现细小裂纹"


def choose_for_another_salesperson(page: Page, url: str, file: Path, text: str) -> None:
    """Choose a file with this text on the upload page of a filed customer that 林知微 owns."""
    page.goto(f"{url}/customers?category=active&q=隼翼")
    listed = page.locator("main a[href*='/customers/']").filter(has_text="隼翼")
    customer = str(listed.first.get_attribute("href"))
    file.write_text(text, encoding="utf-8")
    page.goto(f"{url}/upload?customer={customer.rsplit('/', 1)[-1].split('?', maxsplit=1)[0]}")
    page.locator("form[data-upload] input[name=file]").first.set_input_files(str(file))


def test_a_file_dropped_on_a_customer_is_found_read_refused_and_logged(
    browser: Browser, demo: Demo, tmp_path: Path
) -> None:
    url, _, _ = demo
    page = page_of(browser, demo, OFFICER)
    file = tmp_path / "第九工位巡检.txt"

    # upload by the page's own script, with its progress and states
    choose_for_another_salesperson(page, url, file, f"巡检记录\n{SENTENCE}，已拍照。\n")
    row = page.locator("#uploads tr").first
    row.locator("select[name=kind]").select_option("inspection")
    page.locator("[data-send]").click()
    expect(page.locator("#uploads tr").first.locator("[data-state]")).to_have_text(
        "可检索", timeout=30_000
    )

    # find it by words inside it; the page says under which number that was logged
    page.goto(f"{url}/search")
    page.keyboard.press("/")
    page.keyboard.type(SENTENCE[3:12])
    page.keyboard.press("Enter")
    expect(page.locator("article")).to_have_count(1)
    expect(page.locator("article mark").first).to_be_visible()
    notice = page.get_by_text("本次检索已记入查询日志")
    expect(notice).to_be_visible()
    number = "".join(
        c for c in notice.inner_text().split("第", 1)[1].split("号", 1)[0] if c.isdigit()
    )

    # read it with the hit marked, and get the very same bytes back
    page.locator("article a").first.click()
    expect(page.locator("mark").first).to_be_visible()
    with page.expect_download() as download:
        page.locator("a[href*='/content']").first.click()
    assert download.value.suggested_filename == file.name
    assert Path(str(download.value.path())).read_bytes() == file.read_bytes()
    document = page.url

    # a colleague who may not see it finds nothing, and cannot tell that it exists
    other = page_of(browser, demo, OTHER_SALES)
    other.goto(f"{url}/search?q={SENTENCE[3:12]}")
    expect(other.locator("article")).to_have_count(0)
    hidden = other.goto(document)
    assert hidden is not None
    assert hidden.status == 404
    hidden_page = other.content()
    absent = other.goto(f"{url}/documents/{'a' * 26}")
    assert absent is not None
    assert absent.status == 404
    assert SENTENCE not in hidden_page

    # and the log shows both, to the auditor, without the words
    auditor = page_of(browser, demo, AUDITOR)
    auditor.goto(f"{url}/log?seq={number}")
    expect(auditor.locator("main")).to_contain_text("陆青禾")
    expect(auditor.locator("main")).not_to_contain_text(SENTENCE[3:12])
    auditor.goto(f"{url}/log?decision=deny")
    expect(auditor.locator("main")).to_contain_text("周牧野")


def test_filters_fold_on_a_phone_and_stand_open_once_the_window_is_wide(
    browser: Browser, demo: Demo
) -> None:
    url, _, _ = demo
    page = page_of(browser, demo, OFFICER)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{url}/search?q=机器人")
    choice = page.locator("form[data-filters] input[type=checkbox]").first
    expect(choice).to_be_hidden()
    page.set_viewport_size({"width": 1440, "height": 900})
    expect(choice).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 844})
    expect(choice).to_be_hidden()


def test_rows_without_a_type_say_so_take_it_from_above_and_tell_why_nothing_was_stored(
    browser: Browser, demo: Demo, tmp_path: Path
) -> None:
    url, _, _ = demo
    page = page_of(browser, demo, OFFICER)
    choose_for_another_salesperson(page, url, tmp_path / "abc.txt", "一行字")
    row = page.locator("#uploads tr").first
    state = row.locator("[data-state]")
    page.locator("[data-send]").click()
    expect(state).to_have_text("请选择类型")
    page.locator("select#kind").select_option("minutes")
    expect(row.locator("select[name=kind]")).to_have_value("minutes")
    expect(state).to_have_text("尚未上传")
    page.locator("form[data-upload] > input[name=csrf_token]").evaluate("i => i.value = 'old'")
    page.locator("[data-send]").click()
    expect(state).to_contain_text("重新载入")
    page.context.clear_cookies()
    page.locator("[data-send]").click()
    expect(state).to_contain_text("重新登录")


def test_a_dropped_folder_brings_every_file_in_it(
    browser: Browser, demo: Demo, tmp_path: Path
) -> None:
    url, _, _ = demo
    page = page_of(browser, demo, OFFICER)
    folder = tmp_path / "隼翼资料"
    (folder / "现场").mkdir(parents=True)
    for name in ("甲.txt", "现场/乙.txt"):
        (folder / name).write_text(name, encoding="utf-8")
    choose_for_another_salesperson(page, url, tmp_path / "丙.txt", "丙")
    drop(page, folder)
    for name in ("甲.txt", "乙.txt"):
        expect(page.locator("#uploads [data-name]").get_by_text(name)).to_be_visible()


def test_a_file_over_the_limit_is_not_sent_and_says_so(browser: Browser, demo: Demo) -> None:
    url, _, _ = demo
    page = page_of(browser, demo, OFFICER)
    page.goto(f"{url}/upload")
    page.locator("main a[href*='/upload?customer=']").first.click()
    page.locator("#blank-row").evaluate(
        "blank => { blank.content.firstElementChild.dataset.limit = 3; }"
    )
    page.locator("form[data-upload] input[name=file]").first.set_input_files(
        [
            FilePayload(name=name, mimeType="text/plain", buffer=content)
            for name, content in (("先.txt", b"one"), ("大.txt", b"four"))
        ]
    )
    first, second = (page.locator("#uploads tr").nth(n) for n in (0, 1))
    expect(first).to_contain_text("先.txt")
    expect(first.locator("[data-state]")).to_have_text("尚未上传")
    expect(second.locator("[data-state]")).to_have_text("文件超过 500 MB。")
    expect(page.locator("[data-send]")).to_have_text("上传（1 份）")


def test_refused_rows_are_removed_by_key_one_after_the_other(
    browser: Browser, demo: Demo, tmp_path: Path
) -> None:
    url, _, _ = demo
    page = page_of(browser, demo, OFFICER)
    choose_for_another_salesperson(page, url, tmp_path / "空三.txt", "")
    before = page.locator("#uploads tr").count()
    page.get_by_role("button", name="移除 空三.txt").press("Enter")
    expect(page.locator("#uploads tr")).to_have_count(before - 1)
    page.locator("select#kind").select_option("minutes")
    refused = page.locator("#uploads tr").filter(has_text="文件是空的")
    for n, name in enumerate(("空一.txt", "空二.txt"), 1):  # each by itself: two are an import
        (tmp_path / name).write_text("", encoding="utf-8")
        page.locator("form[data-upload] input[name=file]").first.set_input_files(
            str(tmp_path / name)
        )
        page.locator("[data-send]").click()
        expect(refused).to_have_count(n)
    page.get_by_role("button", name="移除 空二.txt").press("Enter")
    expect(refused).to_have_count(1)
    expect(page.get_by_role("button", name="移除 空一.txt")).to_be_focused()
    page.keyboard.press("Enter")
    expect(refused).to_have_count(0)
    expect(page.locator("form[data-upload] input[name=file]").first).to_be_focused()


def test_the_waiting_list_is_readable_on_a_phone(browser: Browser, demo: Demo) -> None:
    url, _, _ = demo
    page = page_of(browser, demo, ARCHIVIST)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{url}/upload")
    cell = page.locator("#waiting tbody tr").first.locator("td").first
    title, customer = cell.locator("a").bounding_box(), cell.locator("span").bounding_box()
    whole = cell.bounding_box()
    assert title
    assert customer
    assert whole
    # a link's room for a finger reaches beyond its line
    assert customer["y"] >= title["y"] + title["height"] - 11
    for part in (title, customer):
        assert part["x"] >= whole["x"] + 84
        assert part["x"] + part["width"] <= whole["x"] + whole["width"] + 1
    assert title["width"] > 200


def test_the_way_back_from_a_document_leads_to_the_same_results(
    browser: Browser, demo: Demo
) -> None:
    url, _, _ = demo
    page = page_of(browser, demo, OFFICER)
    page.goto(f"{url}/search?q=机器人&category=active&sort=newest")
    results = page.url
    page.locator("article a").first.click()
    page.wait_for_url("**/documents/**")
    page.locator("a.back").click()
    page.wait_for_url("**/search?**")
    assert page.url == results
    page.goto(f"{url}/search?q=减速机")
    page.locator("article a").first.click()
    page.wait_for_url("**/documents/**")
    page.keyboard.press("u")
    page.wait_for_url("**/search?**")
    assert "category" not in page.url


def test_the_main_pages_work_without_script(browser: Browser, demo: Demo, tmp_path: Path) -> None:
    url, passwords, _ = demo
    page = browser.new_context(locale="zh-CN", java_script_enabled=False).new_page()
    page.goto(f"{url}/sign-in")
    page.locator("input[name=login]").fill(OFFICER)
    page.locator("input[name=password]").fill(passwords[OFFICER])
    page.locator("main form.in button.btn-primary").click()
    choose_for_another_salesperson(page, url, tmp_path / "无脚本.txt", "不用脚本上传的纪要")
    page.locator("select#kind").select_option("minutes")
    page.locator("form[data-upload] button.btn-primary").click()
    expect(page.locator("#uploads tr").first).to_contain_text("无脚本.txt")
    page.goto(f"{url}/search?q=减速机&category=active")
    assert page.locator("article").count() > 0


def test_no_page_loads_anything_from_elsewhere_or_breaks_its_own_policy(
    browser: Browser, demo: Demo
) -> None:
    url, passwords, _ = demo
    page = browser.new_context(locale="zh-CN").new_page()
    complaints: list[str] = []
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.on(
        "request",
        lambda r: None if r.url.startswith((url, "data:")) else complaints.append(r.url),
    )
    sign_in(page, url, OFFICER, passwords[OFFICER])
    for path in ("/", "/search?q=减速机", "/customers", "/upload", "/account"):
        page.goto(url + path)
    assert complaints == []
