"""Goes through one XML part of a document in its order; what each element means is the reader's."""

from abc import ABC, abstractmethod
from typing import Final

from indexer.extract.package import Package
from indexer.extract.xml_stream import Attributes, Names, XmlStream

#: Office keeps alternatives that say the same thing, for programs of different age.
_ALTERNATIVES: Final = "mc:AlternateContent"
_CHOICES: Final = frozenset({"mc:Choice", "mc:Fallback"})


class PartWalker(ABC):
    """Calls `begin`, `finish` and `characters`; names are short, what is no content is passed over.

    Of alternatives only the first is read.
    """

    def __init__(self, namespaces: dict[str, str]) -> None:
        """Take the short names of namespaces."""
        self._names = Names.of(namespaces)
        self._choices: list[bool] = []
        self._skipping = 0

    def go_through(self, package: Package, part: str) -> None:
        """Go through a whole part."""
        package.parse(part, XmlStream(start=self._start, end=self._end, text=self._text))

    @abstractmethod
    def begin(self, name: str, attributes: Attributes) -> bool:
        """Take the start of an element; say whether what is in it is content."""

    @abstractmethod
    def finish(self, name: str) -> None:
        """Take the end of an element whose content was read."""

    @abstractmethod
    def characters(self, text: str) -> None:
        """Take text."""

    def _start(self, tag: str, attributes: Attributes) -> None:
        if self._skipping:
            self._skipping += 1
            return
        name = self._names[tag]
        if name == _ALTERNATIVES:
            self._choices.append(False)
        elif (name in _CHOICES and self._is_second_choice()) or not self.begin(name, attributes):
            self._skipping = 1

    def _end(self, tag: str) -> None:
        if self._skipping:
            self._skipping -= 1
            return
        name = self._names[tag]
        if name == _ALTERNATIVES:
            self._choices.pop()
        else:
            self.finish(name)

    def _text(self, text: str) -> None:
        if not self._skipping:
            self.characters(text)

    def _is_second_choice(self) -> bool:
        if not self._choices:
            return False
        taken, self._choices[-1] = self._choices[-1], True
        return taken


def one_line(text: str) -> str:
    """Return the text of a table's cell as it stands in the line of its row."""
    return " ".join(text.split("\n")).strip()
