"""What goes to the index: of sealed documents their title, and nothing more."""

import pytest

from indexer.projection import Projection
from service.properties import Properties
from service.search.port import SearchDocument
from tests.world import World

MOBILE = "13800138000"
TITLE = f"许可协议 KR-210 {MOBILE}"
BODY = f"正文里的 IRB-6700 和 {MOBILE}"


def projected(world: World, kind: str = "contract", grade: str | None = None) -> SearchDocument:
    wanted = Properties(title=TITLE, grade=grade)
    document = world.document(
        world.customer().id, BODY, kind=kind, by="archivist", properties=wanted
    )
    world.work()
    archive = world.archive
    with archive.db.read() as db, archive.ring() as ring:
        policy = archive.policies.current(db)
        zone = archive.settings.timezone
        found = list(Projection.of(db, ring, policy, zone).project({document.id: False}))
    built = found[0].document
    assert built is not None
    return built


@pytest.mark.parametrize("sealed", [{"grade": "top"}, {"kind": "id_document"}])
def test_a_sealed_document_is_found_by_its_title_alone(
    world: World, sealed: dict[str, str]
) -> None:
    document = projected(world, **sealed)
    assert "许 可 协 议" in document.title_t
    assert (document.body_t, document.codes, document.blind) == ("", (), ())


def test_any_other_document_is_found_by_its_text_its_codes_and_its_numbers(world: World) -> None:
    document = projected(world)
    assert "正 文" in document.body_t
    assert {"KR210", "IRB6700"} <= set(document.codes)
    assert len(document.blind) == 1
    assert MOBILE not in document.title_t + document.body_t + "".join(document.codes)
