"""Text of every kind that people upload is taken and read in the charsets of their programs."""

import io
from collections.abc import Iterator

import pytest

from indexer.extract.result import Extracted
from service import media

WORDS = "甲方应于设备验收合格后三十日内支付合同总价的百分之三十，逾期按日计收违约金。"
OLD_WORDS = "貴公司應於設備驗收合格後三十日內支付合約總價，逾期按日計收違約金；保固期一年。"


def files(words: str, charset: str) -> Iterator[tuple[str, str]]:
    """Yield names of files and what stands in them."""
    yield "条款.txt", f"{words}\n"
    yield "运行.log", f"2026-03-02 09:30:00 INFO {words}\n"
    yield "清单.csv", f"KR210,{words}\n"
    yield "说明.md", f"# KR210\n\n* {words}\n"
    yield "接口.json", f'{{"a": ["{words}", 1]}}\n'
    yield "数据.xml", f'<?xml version="1.0"?>\n<a><b c="1">{words}</b></a>\n'
    yield "声明.xml", f'<?xml version="1.0" encoding="{charset}"?>\n<a><b>{words}</b></a>\n'
    yield "网页.html", f"<!DOCTYPE html><html><body><p>{words}</p></body></html>"


@pytest.mark.parametrize(
    ("codec", "charset", "words"),
    [
        ("utf-8", "utf-8", WORDS),
        ("utf-8-sig", "utf-8", WORDS),
        ("utf-16", "utf-16", WORDS),
        ("utf-16-le", "utf-16", WORDS),
        ("utf-16-be", "utf-16", WORDS),
        ("gb18030", "gb18030", WORDS),
        ("gbk", "gb2312", WORDS),
        ("big5", "big5", OLD_WORDS),
    ],
)
def test_text_of_every_kind_is_read_in_this_charset(sandbox, codec, charset, words):
    for name, text in files(words, charset):
        content = text.encode(codec)
        told = media.sniff(io.BytesIO(content), len(content), name)
        assert media.refused(told, name) is None, name
        found = sandbox.extract(told, io.BytesIO(content), len(content))
        assert isinstance(found, Extracted), name
        assert words in found.text, name
        assert found.notes == (), name
