"""What a document says of itself becomes suggestions with a reason and a confidence."""

import time

import pytest

from service.suggesting import CERTAIN, suggest

CONTRACT = """工业机器人采购合同
合同编号：YC-HT-2026-0031
签订日期：2026年3月5日
甲方：苏州澜图精密制造有限公司
统一社会信用代码：91330206MA2GTEST0X
乙方：远岑机器人系统集成有限公司
合同总金额：人民币 1,280,000.00 元
违约责任 按本合同第九条执行。"""


def suggested(*pages, name="scan.pdf"):
    return {one.key: one for one in suggest(name, pages)}


def test_a_contract_tells_its_kind_title_number_date_and_amount():
    found = suggested(CONTRACT)
    said = {key: one.value for key, one in found.items() if key != "uscc"}
    assert said == {
        "kind": "contract",
        "title": "工业机器人采购合同",
        "number": "YC-HT-2026-0031",
        "dated": "2026-03-05",
        "amount": "128000000",
    }
    assert found["kind"].confidence >= CERTAIN
    assert found["kind"].reason.startswith("“工业机器人采购合同”")
    assert {one.page for one in found.values()} == {1}


@pytest.mark.parametrize(
    ("heading", "kind"),
    [
        ("设 备 维 修 记 录", "repair"),
        ("报价单", "quotation"),
        ("机加工柔性上下料线终验收报告", "acceptance"),
        ("增值税专用发票", "invoice"),
        ("营业执照", "business_licence"),
        ("中华人民共和国居民身份证", "id_document"),
        ("补充协议（一）", "supplement"),
        ("技术协议", "technical_agreement"),
        ("洽谈纪要", "minutes"),
        ("关于轨道基础延期的函", "letter"),
        ("授权委托书", "authorization"),
        ("个人信息处理同意书", "consent"),
    ],
)
def test_a_heading_alone_is_enough_to_be_sure_of_a_kind(heading, kind):
    found = suggested(f"{heading}\n远岑机器人系统集成有限公司\n第 1 页")["kind"]
    assert (found.value, found.confidence >= CERTAIN) == (kind, True)


def test_the_name_of_a_file_alone_leaves_doubt():
    found = suggested("", name="合同扫描件.pdf")["kind"]
    assert (found.value, found.page) == ("contract", None)
    assert found.confidence < CERTAIN


def test_two_kinds_that_are_as_likely_leave_doubt():
    found = suggested("报价单\n设备清单\n")["kind"]
    assert found.confidence < CERTAIN


def test_a_sentence_is_no_heading_and_a_text_about_nothing_suggests_nothing():
    assert "kind" not in suggested("双方确认，按原合同执行，不另行签订采购合同。\n今天天气很好。")
    assert suggested("今天天气很好。", name="1.txt") == {}
    assert suggested(name="1.txt") == {}


@pytest.mark.parametrize(
    ("line", "day"),
    [
        ("签订日期：２０２６年３月５日", "2026-03-05"),
        ("签署日期 2026/3/5", "2026-03-05"),
        ("开票日期: 2026.03.05", "2026-03-05"),
        ("签约时间：二〇二六年十二月二十五日", "2026-12-25"),
        ("签订日期：二○二六年一月十日", "2026-01-10"),
    ],
)
def test_a_day_is_read_however_it_is_written(line, day):
    found = suggested(line)["dated"]
    assert (found.value, found.confidence >= CERTAIN) == (day, True)


def test_a_day_that_does_not_exist_is_none_and_one_without_a_label_leaves_doubt():
    assert "dated" not in suggested("签订日期：2026年2月31日")
    found = suggested("于 2026-01-02 到场。\n此致\n2026年1月9日")["dated"]
    assert (found.value, found.confidence < CERTAIN) == ("2026-01-09", True)


@pytest.mark.parametrize(
    ("line", "cents"),
    [
        ("合同总价：128 万元", "128000000"),
        ("价税合计（小写）：¥1,234.50", "123450"),
        ("总金额 56000 元", "5600000"),
    ],
)
def test_an_amount_is_read_in_cents(line, cents):
    assert suggested(line)["amount"].value == cents


def test_a_credit_code_counts_only_with_its_check_digit():
    assert suggested("统一社会信用代码：91110000600037341L")["uscc"].value == "91110000600037341L"
    assert "uscc" not in suggested("统一社会信用代码：91110000600037342L")


def test_the_last_page_is_looked_at_too():
    assert suggested("正文", *["条款"] * 40, "签订日期：2026-03-05")["dated"].page == 42


def test_hostile_text_takes_no_time():
    texts = [
        "编号" * 4000,
        "年月日" * 3000,
        "1,000," * 2000,
        "合同" * 5000,
        "A-" * 9000,
        "〔" * 9000,
    ]
    began = time.process_time()
    for text in texts:
        suggest(text[:200], [text] * 4)
    assert time.process_time() - began < 5
