"""What the tests of several readers need."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from indexer.extract import READERS
from indexer.extract.sandbox import Sandbox


@pytest.fixture(scope="module")
def hasty() -> Iterator[Sandbox]:
    """A sandbox whose readers get one second of the processor."""
    hurried = {
        name: replace(reader, limits=replace(reader.limits, cpu=1))
        for name, reader in READERS.items()
    }
    with Sandbox(1, readers=hurried) as sandbox:
        yield sandbox
