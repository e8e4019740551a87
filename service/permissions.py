"""Who may do what: one table, asked as "may I?" (`allows`) and as "which ones?" (`scopes`)."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from service.codes import Category, Grade


@dataclass(frozen=True, slots=True)
class Scope:
    """One block of documents: a category AND these kinds AND these grades AND these people.

    `own` False: whoever the customer belongs to. `own` True: only customers one of `people`
    owns or works on; with no people, nothing.
    """

    category: Category
    kinds: frozenset[str]
    grades: frozenset[Grade]
    own: bool
    people: frozenset[str] = frozenset()

    @property
    def empty(self) -> bool:
        """Say whether nothing can match."""
        return not self.kinds or not self.grades or (self.own and not self.people)


@dataclass(frozen=True, slots=True)
class Scopes:
    """The union of blocks a person may read, plus single documents granted to them.

    The empty value means nothing. There is no value that means everything.
    """

    blocks: tuple[Scope, ...] = ()
    documents: frozenset[str] = frozenset()
    granted_categories: frozenset[Category] = field(default_factory=frozenset)

    @classmethod
    def of(cls, blocks: Iterable[Scope]) -> "Scopes":
        """Make scopes from blocks, leaving out those that match nothing."""
        return cls(tuple(b for b in blocks if not b.empty))

    @property
    def categories(self) -> frozenset[Category]:
        """Return the categories a search may name."""
        granted = self.granted_categories if self.documents else frozenset()
        return frozenset(b.category for b in self.blocks) | granted

    @property
    def empty(self) -> bool:
        """Say whether nothing can be found."""
        return not self.blocks and not self.documents
