"""What is wrong with a field is a sentence in the reader's language, no code of the program."""

import ast
import re
from collections.abc import Iterator
from html import unescape

import pytest

from tests.web.browsing import Portal
from web import labels
from web.catalogue import ROOT

#: what speaks to people; `web/api` gives programs the codes themselves
SPOKEN = [*(ROOT / "service").rglob("*.py"), *(ROOT / "web").glob("*.py")]
SPOKEN += (ROOT / "web" / "pages").glob("*.py")

ADDRESSES = (
    "/customers?sort=x",
    "/customers?cursor=x",
    "/search?sort=newest&cursor=x",
    "/log?cursor=x",
    "/log?from=0202-01-01",
)


def field_errors() -> Iterator[tuple[str, str]]:
    """Yield name (where it is written) and code of every field that a refusal may name."""
    for path in SPOKEN:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "fields":
                match node.value:
                    case ast.Dict(keys=keys, values=values):
                        for key, value in zip(keys, values, strict=True):
                            name = key.value if isinstance(key, ast.Constant) else ""
                            assert isinstance(value, ast.Constant), (path, node.lineno)
                            yield str(name), str(value.value)


def test_every_field_that_may_be_refused_has_a_name_and_a_sentence() -> None:
    errors = set(field_errors())
    assert len(errors) > 20
    assert {code for _, code in errors} <= labels.PROBLEM.keys()
    assert {name for name, _ in errors if name} <= {*labels.INPUT, *labels.FIELD}


def main_text(page: str) -> str:
    """Return the words of a page's main part."""
    inside = page.split("<main", 1)[1].split("</main>", 1)[0].partition(">")[2]
    return unescape(re.sub(r"<[^>]+>", " ", inside))


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_that_cannot_be_answered_says_why_in_the_readers_language(
    portal: Portal, address: str
) -> None:
    person = portal["auditor" if address.startswith("/log") else "archivist"]
    answer = person.get(address)
    assert answer.status_code == 422
    assert not re.search(r"[a-zA-Z]{2,}", main_text(answer.text))
    person.client.set_cookie("lang", "en")
    english = main_text(person.get(address).text)
    assert not re.search(r"[一-鿿]", english)
    assert re.search(r"(Sort|Place in the list|From): [A-Z][a-z ]+", english)


def test_a_field_that_no_form_has_is_not_repeated(portal: Portal) -> None:
    answer = portal["archivist"].send("/confirm", **{"password": "x", "<b>strange": "1"})
    assert answer.status_code == 422
    assert "strange" not in answer.text
    assert "其他内容：没有这个选项。" in main_text(answer.text)
