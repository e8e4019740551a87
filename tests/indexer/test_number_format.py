"""A number in a cell reads as the sheet shows it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.extract.number_format import BUILT_IN, is_text, shown

SHOWN = [
    (0, "General", "0"),
    (1.5, "General", "1.5"),
    (0.1 + 0.2, "General", "0.3"),
    (110101199003070000.0, "General", "1.10101199E+17"),
    (13800138000.0, "General", "13800138000"),
    (7, "G/通用格式", "7"),
    (7, 'General"台"', "7台"),
    (0.153, "0%", "15%"),
    (0.153, "0.0%", "15.3%"),
    (1234567.891, "#,##0.00", "1,234,567.89"),
    (0.5, "#,##0", "1"),
    (0, "#,##0", "0"),
    (999, "#,##0", "999"),
    (-1234.5, "#,##0.00;(#,##0.00)", "(1,234.50)"),
    (-1234.5, "#,##0.00", "-1,234.50"),
    (-0.001, "0.00", "0.00"),
    (0, '0;-0;"无"', "无"),
    (1234567, "0.0,,", "1.2"),
    (88000, '#,##0.0,"千元"', "88.0千元"),
    (1200, "[$¥-804]#,##0", "¥1,200"),
    (1200, "[Red]#,##0_);[Blue](#,##0)", "1,200"),
    (42, "00000", "00042"),
    (2125550123, "(000) 000-0000", "(212) 555-0123"),
    (12.5, "#.##", "12.5"),
    (2.675, "0.00", "2.68"),
    (12345, "0.00E+00", "1.23E+04"),
    (60, '[>=60]"合格";"不合格"', "合格"),
    (59, '[>=60]"合格";"不合格"', "不合格"),
    (45725, "yyyy/m/d", "2025/3/9"),
    (45725, "yyyy-mm-dd", "2025-03-09"),
    (45725, 'yyyy"年"m"月"d"日";@', "2025年3月9日"),
    (45725, "[$-804]aaaa", "星期日"),
    (45725, "d-mmm-yy", "9-Mar-25"),
    (45725.604166667, "yyyy/m/d h:mm", "2025/3/9 14:30"),
    (0.604166667, "h:mm AM/PM", "2:30 PM"),
    (0.604166667, '上午/下午h"时"mm"分"', "下午2时30分"),
    (1.5, "[h]:mm:ss", "36:00:00"),
    (0.000011574, "mm:ss.0", "00:01.0"),
    (0.9999999, "h:mm:ss", "0:00:00"),
    (1, "yyyy/m/d", "1900/1/1"),
    (61, "yyyy/m/d", "1900/3/1"),
    (-1, "yyyy/m/d", "-1"),
    (3e9, "yyyy/m/d", "3000000000"),
    (0.5, "# ?/?", "0.5"),
    (5, ";;;", ""),
]


@pytest.mark.parametrize(("value", "code", "text"), SHOWN)
def test_a_number_is_written_as_its_cell_shows_it(value, code, text):
    assert shown(float(value), code) == text


def test_days_counted_from_1904_are_the_same_days():
    assert shown(45725 - 1462, "yyyy/m/d", from_1904=True) == "2025/3/9"


def test_words_around_a_text_are_kept():
    assert is_text("林晓", '0;0;0;"联系人："@') == "联系人：林晓"
    assert is_text("林晓", "@") == "林晓"
    assert is_text("林晓", "General") == "林晓"


@given(
    st.floats(allow_nan=False, allow_infinity=False),
    st.one_of(
        st.text(alphabet='0#?.,%;E+-/ymdhsaeGenral"[]$¥>=<@_*\\: ', max_size=30),
        st.sampled_from(sorted(BUILT_IN.values())),
    ),
)
def test_no_format_and_no_number_stop_the_reader(value, code):
    assert len(shown(value, code)) < 1_000
