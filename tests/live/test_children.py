"""What came with a document follows it with PostgreSQL, MinIO and Elasticsearch behind, too."""

import pytest

from indexer.extract.sandbox import Sandbox
from tests.indexer import zips
from tests.indexer.test_children import *  # noqa: F403 - the same sentences, on other servers
from tests.indexer.test_locked_files import *  # noqa: F403
from tests.indexer.test_pdf_children import *  # noqa: F403
from tests.live.together import draining, processes
from tests.live.world import Home, on_servers
from tests.world import World

pytestmark = pytest.mark.live


def test_two_processes_take_each_file_once(place: Home, sandbox: Sandbox) -> None:
    with on_servers(place) as settings, World.opened(settings, sandbox) as world:
        customer = world.customer().id
        made = [
            world.document(
                customer,
                zips.packed(*((f"{n}-{m}.txt", f"文件{n}之{m}".encode()) for m in range(8))),
                file_name=f"{n}.zip",
            )
            for n in range(4)
        ]
        assert processes(2, draining, settings) == [0, 0]
        world.work()
        for document in made:
            family = world.shown(document.id, "service_officer").family
            assert len(family.children) == 8
            assert family.unpacked
            assert (family.unpacked.taken, family.unpacked.left) == (8, ())
        assert world.verify().code == 0
