"""Personal numbers in titles and names are found whole, and can neither be read nor guessed."""

from urllib.parse import quote

import pytest
from stdnum.cn import ric

RID = "11010119900307123"
RID += ric.calc_check_digit(f"{RID}0")
OLD = RID[:6] + RID[8:17]
TEL, BROKEN = "13800001111", "138\u200b0000\u200b1111"


@pytest.fixture
def found(programs):
    """What a salesperson finds by a query: titles."""
    customer = programs.world.customer("张三13900002222", category="active", owner="sales").id
    answer = programs["sales"].upload(
        f"/customers/{customer}/documents",
        f"联系电话138\n00001111，证件{OLD}".encode(),
        kind="letter",
        title=f"李四{BROKEN}身份证{RID}来信",
    )
    assert answer.status_code == 201, answer.text
    programs.world.work()

    def found(query):
        answer = programs["sales"].get(f"/search?q={quote(query)}")
        assert answer.status_code == 200
        return answer.json["items"]

    return found


@pytest.mark.parametrize("query", [TEL, "138 0000 1111", BROKEN, RID, OLD, "13900002222", "来信"])
def test_a_number_is_found_whole_however_it_is_written(found, query):
    assert len(found(query)) == 1


@pytest.mark.parametrize(
    "query", ["138", "1380*", "1380000", "1111", "110101*", "19900307", "900307*", "1390000*"]
)
def test_no_part_of_a_number_finds_anything(found, query):
    assert found(query) == []


def test_a_result_shows_the_number_in_its_title_masked_to_programs_and_people(
    programs, found, portal
):
    (hit,) = found(TEL)
    assert hit["document"]["title"] == "李四138****1111身份证1****************3来信".replace(
        "3来", f"{RID[-1]}来"
    )
    page = portal["sales"].get(f"/search?q={TEL}").text
    for text in (page, str(found("来信"))):
        assert RID not in text
        assert BROKEN not in text
        assert OLD not in text


def test_who_opens_the_document_reads_its_title(programs, found):
    (hit,) = found(TEL)
    document = programs["sales"].get(f"/documents/{hit['document']['id']}").json
    assert document["title"] == f"李四{BROKEN}身份证{RID}来信"
