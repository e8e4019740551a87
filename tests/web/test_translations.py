"""Every message of the sources has its Chinese translation, with the same values in it."""

import re
import tomllib

import pytest

from tests.chinese import HAN, half_width
from web import labels
from web.assets import CATALOGUES, HERE
from web.catalogue import compiled, messages, read, refusal_sentences, untranslated

PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]")
PATHS = sorted(HERE.glob(CATALOGUES))


@pytest.fixture(scope="module")
def written():
    """What the sources say, to be translated; collecting it reads all of them."""
    return list(messages())


@pytest.fixture(scope="module", params=PATHS, ids=lambda path: path.parent.parent.name)
def catalogue(request):
    return read(request.param)


def test_there_is_a_chinese_catalogue():
    assert "zh_CN" in {path.parent.parent.name for path in PATHS}


def test_the_catalogue_has_every_message(catalogue, written):
    assert [m.id for m in written if m.id and m.id not in catalogue] == [], "run: make catalogue"


def test_every_message_is_translated(catalogue):
    assert untranslated(catalogue) == []


def test_a_translation_shows_the_same_values(catalogue):
    for message in catalogue:
        ids = [message.id] if isinstance(message.id, str) else list(message.id)
        texts = [message.string] if isinstance(message.string, str) else list(message.string)
        values = {name for text in ids for name in PLACEHOLDER.findall(text)}
        assert {name for text in texts for name in PLACEHOLDER.findall(text)} == values, message.id


def test_a_grade_is_called_by_one_word():
    chinese = read(next(p for p in PATHS if p.parent.parent.name == "zh_CN"))
    texts = [str(m.string) for m in chinese if re.search(r"\bgrade\b", str(m.id), re.IGNORECASE)]
    assert len(texts) >= 4
    assert [t for t in texts if "密级" not in t or "等级" in t] == []


@pytest.mark.parametrize("folder", ["bundles", "exporting"])
def test_files_that_leave_call_a_grade_as_the_pages_do(folder):
    words = tomllib.loads((HERE.parent / "service" / folder / "words.toml").read_text("utf-8"))
    called = [group["grade"] for group in words.values() if "grade" in group]
    assert called == ["密级"] * 2


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("已保存。", True),
        ("第 %(number)s 号，共 {n} 份", True),
        ("使用“guidang audit verify”校验", True),
        ("已保存.", False),
        ("口令(必填)", False),
        ("类型: 合同", False),
        ("确定吗 ?", False),
    ],
)
def test_half_width_punctuation_is_found(text, fits):
    assert half_width(text) != fits


def test_chinese_messages_have_chinese_punctuation(catalogue):
    texts = [
        text
        for message in catalogue
        for text in ([message.string] if isinstance(message.string, str) else message.string)
        if half_width(text)
    ]
    assert texts == []


def test_a_message_id_is_the_english_text(written):
    for message in written:
        ids = [message.id] if isinstance(message.id, str) else list(message.id)
        assert [text for text in ids if re.search(HAN, text)] == []


def test_every_kind_and_field_of_the_policy_has_a_word(world):
    with world.archive.db.read() as db:
        policy = world.archive.policies.current(db)
    assert set(policy.kinds.by_code) == labels.KIND.keys()
    assert set(policy.fields.by_key) == labels.FIELD.keys()


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.parent.parent.name)
def test_the_catalogue_compiles(path):
    assert compiled(path)


@pytest.mark.parametrize(
    ("source", "sentences"),
    [
        ('raise Denied("You may not.", rule="r1")', ["You may not."]),
        ('raise errors.Conflict("Filed " "already.")', ["Filed already."]),
        ('raise Unavailable("log", "The log is full.")', ["The log is full."]),
        ('raise Unavailable("log")', []),
        ('raise Invalid("No." if x else "Never.")', ["No.", "Never."]),
        (
            'raise Invalid("Look below.", fields={"name": "Give a name."})',
            ["Look below.", "Give a name."],
        ),
        ('raise ValueError("not for people")', []),
    ],
)
def test_the_sentences_of_refusals_are_found(source, sentences):
    assert [text for _, text in refusal_sentences(source)] == sentences
