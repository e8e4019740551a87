"""A number in a cell reads as the sheet shows it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.extract import sheet_dates
from indexer.extract.number_format import BUILT_IN, is_text, shown

SHOWN = [
    (0, "General", "0"),
    (1.5, "General", "1.5"),
    (0.1 + 0.2, "General", "0.3"),
    (1 / 3, "General", "0.333333333"),
    (-123456.789012, "General", "-123456.789"),
    (12345678901.6, "General", "12345678902"),
    (0.00012345678, "General", "0.000123457"),
    (0.000012345, "General", "1.2345E-05"),
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
    (5, ";;;", ""),
    (-12.5, "0.00_);@", "-12.50"),
    (0, '"有";"无";@', "有"),
    (12.5, ".00", "12.50"),
    (12345678, "0,.00", "12345.68"),
    # Excel keeps fifteen digits and shows no more than thirty decimals
    (0.1, "0." + "0" * 21, "0.1" + "0" * 20),
    (123456.789, "0." + "0" * 28, "123456.789" + "0" * 25),
    (-1 / 3, "0." + "0" * 30, "-0.333333333333333" + "0" * 15),
    (0.1, "0." + "0" * 200, "0.1" + "0" * 29),
    (2.5, "0." + "#" * 40, "2.5"),
    (1e20, "#,##0.00", "100,000,000,000,000,000,000.00"),
    (110101199003071234, "0", "110101199003071000"),
    (0.25, "0%%", "2500%%"),
    # fractions
    (0.5, "# ?/?", "1/2"),
    (1.75, "# ?/?", "1 3/4"),
    (-1.75, "# ?/?", "-1 3/4"),
    (5, "# ?/?", "5"),
    (0, "# ?/?", "0"),
    (0.99, "# ?/?", "1"),
    (3.14159, "# ??/??", "3 1/7"),
    (3.14159, "# ???/???", "3 16/113"),
    (2.5, "?/?", "5/2"),
    (0.5, "# ?/8", "4/8"),
    (1.3, '# ?/10"寸"', "1 3/10寸"),
    (0.5, "0 ?/?", "0 1/2"),
    (251128, r"00\/00\/00", "25/11/28"),
    (1e18, "# ?/?", "1E+18"),
    # powers
    (12345, "##0.0E+0", "12.3E+3"),
    (0.00012, "0.0E-0", "1.2E-4"),
    (12000, "0.0E-0", "1.2E4"),
    (9.99, "0.0E+00", "1.0E+01"),
    (-12345, '0.00E+00"Pa"', "-1.23E+04Pa"),
    (0, "0.00E+00", "0.00E+00"),
    # conditions and colours
    (150, '[Red][>100]0"超额";0', "150超额"),
    (50, '[Red][>100]0"超额";0', "50"),
    (50, "[颜色 3][>=1E2]0.0;[Color10]0", "50"),
    (-5, "[<0](0);0", "(5)"),
    (-5, "[>=0]0;(0)", "(5)"),
    (-5, "[<100]0;0.0", "-5"),
    (0, '_ * #,##0.00_ ;_ * \\-#,##0.00_ ;_ * "-"??_ ;_ @_ ', "-"),
    # days and times
    (0, "yyyy/m/d", "1900/1/0"),
    (0.5, "yyyy/m/d h:mm", "1900/1/0 12:00"),
    (1, "dddd", "Sunday"),
    (59, "yyyy/m/d", "1900/2/28"),
    (60, "yyyy/m/d", "1900/2/29"),
    (2958465, "yyyy-mm-dd", "9999-12-31"),
    (45725, r"[$-F800]dddd\,\ mmmm\ dd\,\ yyyy", "2025年3月9日"),
    (45725, "[$-x-sysdate]dddd, mmmm dd, yyyy", "2025年3月9日"),
    (0.604166667, r"[$-F400]h:mm:ss\ AM/PM", "14:30:00"),
    (45725, "[$-804]dddd", "星期日"),
    (45725, "[$-zh-CN]ddd", "周日"),
    (45725, "[$-804]mmmm", "三月"),
    (45725, "[$-409]mmmm d, yyyy", "March 9, 2025"),
    (0.604166667, "[$-804]AM/PM h:mm", "下午 2:30"),
    (0.604166667, "[$-409]h:mm AM/PM", "2:30 PM"),
    (-0.0625, "[h]:mm", "-1:30"),
    (-0.5, "h:mm;-h:mm", "-12:00"),
    (100, "[h]:mm", "2400:00"),
    (0.0625, "[mm]:ss", "90:00"),
    # Chinese numerals
    (45725, '[DBNum1][$-804]yyyy"年"m"月"d"日";@', "二〇二五年三月九日"),
    (45646, '[DBNum1][$-804]yyyy"年"m"月"d"日"', "二〇二四年十二月二十日"),
    (0.545138889, '[DBNum1][$-804]上午/下午h"时"mm"分"', "下午一时〇五分"),
    (10105, "[DBNum1][$-804]General", "一万〇一百〇五"),
    (105000, "[DBNum1]General", "一十万五千"),
    (100005000, "[DBNum1]General", "一亿〇五千"),
    (120000000001, "[DBNum1]General", "一千二百亿〇一"),
    (-1234.5, '[DBNum2][$-804]General"元"', "-壹仟贰佰叁拾肆.伍元"),
    (0, "[DBNum2]", "零"),
    (1e300, "[DBNum2]General", "1E+300"),
    (1203, "[DBNum1]0", "一二〇三"),
    (12.3, "[DBNum2]0.00", "壹贰.叁零"),
    (12, "[DBNum3]0", "12"),
]


@pytest.mark.parametrize(("value", "code", "text"), SHOWN)
def test_a_number_is_written_as_its_cell_shows_it(value, code, text):
    assert shown(float(value), code) == text


def test_days_counted_from_1904_are_the_same_days():
    assert shown(45725 - 1462, "yyyy/m/d dddd", from_1904=True) == "2025/3/9 Sunday"
    assert shown(0.0, "yyyy/m/d", from_1904=True) == "1904/1/1"
    assert shown(2_958_000.0, "yyyy/m/d", from_1904=True) == "2958000"


@pytest.mark.parametrize(
    ("written", "code", "text"),
    [
        ("2025-03-09", "yyyy/m/d", "2025/3/9"),
        ("2025-03-09T14:30:00", "yyyy/m/d h:mm", "2025/3/9 14:30"),
        ("2025-03-09T14:30:00.000Z", "yyyy/m/d h:mm", "2025/3/9 14:30"),
        ("1900-01-01", "yyyy/m/d", "1900/1/1"),
        ("14:30:00", "h:mm", "14:30"),
        ("1899-01-01", "yyyy/m/d", None),
        ("soon", "yyyy/m/d", None),
        ("", "yyyy/m/d", None),
    ],
)
def test_a_day_written_out_is_the_same_as_one_that_is_counted(written, code, text):
    value = sheet_dates.counted(written, from_1904=False)
    assert (None if value is None else shown(value, code)) == text
    value = sheet_dates.counted(written, from_1904=True)
    if written.startswith("1900"):
        assert value is None
    else:
        assert (None if value is None else shown(value, code, from_1904=True)) == text


def test_words_around_a_text_are_kept():
    assert is_text("林晓", '0;0;0;"联系人："@') == "联系人：林晓"
    assert is_text("林晓", "@") == "林晓"
    assert is_text("林晓", "General") == "林晓"
    assert is_text("林晓", '[Red][$-804]@"先生"') == "林晓先生"
    assert is_text("林晓", '0;-0;@"（未填）"') == "林晓（未填）"
    assert is_text("林晓", ";;;") == "林晓"


@given(
    st.floats(allow_nan=False, allow_infinity=False),
    st.one_of(
        st.text(alphabet='0#?.,%;E+-/ymdhsaeGenral"[]$¥>=<@_*\\: 1', max_size=300),
        st.sampled_from(["[DBNum1]", "[DBNum2][$-804]", "[$-F800]", "[>1]"]).flatmap(
            lambda start: st.text(alphabet="0#?.,%;E+/ymdhsG", max_size=30).map(start.__add__)
        ),
        st.sampled_from(sorted(BUILT_IN.values())),
    ),
)
def test_no_format_and_no_number_stop_the_reader(value, code):
    assert len(shown(value, code)) < 2_000
    assert is_text("林晓", code)
