"""What is made to harm is not taken in, neither alone nor inside of something else."""

import pytest

from service.errors import Unsupported
from service.permissions import Action
from service.viruses import TEST_NAME
from tests.indexer import zips
from tests.logged import entries
from tests.world import World

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-" + b"STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


@pytest.mark.parametrize("content", [EICAR, EICAR + b"\r\n", EICAR + b" " * 60])
@pytest.mark.parametrize("name", ["eicar.com.txt", "合同.txt", "virus"])
def test_the_test_file_of_scanners_is_refused_by_name(
    world: World, content: bytes, name: str
) -> None:
    customer = world.customer().id
    with pytest.raises(Unsupported) as refusal:
        world.document(customer, content, file_name=name)
    assert str(refusal.value) == f"The file is not taken: it holds a virus ({TEST_NAME})."
    (refused,) = entries(world, Action.DOCUMENT_ADD, decision="fail")
    assert refused["rule"] == "upload:virus"


def test_a_text_that_speaks_of_the_test_file_is_taken(world: World) -> None:
    customer = world.customer().id
    world.document(customer, b"about: " + EICAR, file_name="a.txt")
    world.document(customer, EICAR + b" and more words after it", file_name="b.txt")


def test_a_virus_in_a_zip_is_left_out_and_the_rest_is_taken(world: World) -> None:
    content = zips.packed(("eicar.txt", EICAR), ("good.txt", b"good"))
    made = world.document(world.customer().id, content, file_name="a.zip")
    world.work()
    family = world.shown(made.id, "service_officer").family
    assert [child.title for child in family.children] == ["good"]
    assert family.unpacked
    assert [(one.name, one.reason) for one in family.unpacked.left] == [("eicar.txt", "virus")]
