"""Who may do what: one table, asked as "may I?" (`decide`) and as "which ones?" (`scopes`).

Several roles: each role decides by itself (its cell AND its clearance), then any yes is a yes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from service.actions import Action, Verb
from service.codes import Category, Department, Filing, Grade, Module, Role, Status
from service.policy import Policy
from service.policy.rules import EVERYONE, OPENING, UPLOADER, Condition, Effect, Rule

__all__ = [
    "ANONYMOUS",
    "BY_READ_RIGHT",
    "SERVICES",
    "Action",
    "Actor",
    "CustomerScopes",
    "Scope",
    "Scopes",
    "Target",
    "Verb",
    "Verdict",
    "creatable",
    "customer_scopes",
    "decide",
    "may",
    "original_scopes",
    "scopes",
    "service_actor",
]

#: Actions whose right is the read right itself; the rest stand in roles.toml, [do].
BY_READ_RIGHT = frozenset(
    {
        Action.HOME_READ,
        Action.CUSTOMER_LIST,
        Action.CUSTOMER_READ,
        Action.DOCUMENT_READ,
        Action.DOCUMENT_TEXT,
        Action.DOCUMENT_ORIGINAL,
        Action.DOCUMENT_QUEUE,
        Action.SEARCH_RUN,
        Action.EXPORT_LIST,
        Action.EXPORT_DOCUMENTS,
        Action.EXPORT_COPIES,
        Action.EXPORT_FETCH,
        Action.SIGN_IN,
        Action.SIGN_OUT,
        Action.STEP_UP,
        Action.REQUEST_CHECK,
    }
)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, and over what way. `team` is whose customers count as own."""

    kind: str
    id: str | None = None
    login: str = ""
    name: str = ""
    department: Department | None = None
    roles: frozenset[Role] = frozenset()
    head: bool = False
    team: frozenset[str] = frozenset()
    via: str = "session"
    sign_in: str | None = None
    stands_in: str | None = None
    address: str = ""
    agent: str = ""

    @property
    def person(self) -> str:
        """Return the person's id; services have their name."""
        return self.id or self.login


def service_actor(name: str) -> Actor:
    """Return the actor of one of the archive's own processes."""
    return Actor(kind="service", id=name, login=name, name=name, via="job")


ANONYMOUS = Actor(kind="anonymous")


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

    def covers(self, category: Category, kind: str, grade: Grade, people: frozenset[str]) -> bool:
        """Say whether a document of this category, kind and grade, of these people, is inside."""
        return (
            category == self.category
            and kind in self.kinds
            and grade in self.grades
            and (not self.own or bool(people & self.people))
        )

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

    def covers(
        self, document: str, category: Category, kind: str, grade: Grade, people: frozenset[str]
    ) -> bool:
        """Say whether one document is inside."""
        return document in self.documents or any(
            b.covers(category, kind, grade, people) for b in self.blocks
        )


@dataclass(frozen=True, slots=True)
class CustomerScopes:
    """Which customer files a person may see: per category all of them, or the team's own."""

    every: frozenset[Category] = frozenset()
    own: frozenset[Category] = frozenset()
    people: frozenset[str] = frozenset()

    def covers(self, category: Category, people: frozenset[str]) -> bool:
        """Say whether a customer of this category, of these people, is inside."""
        return category in self.every or (category in self.own and bool(people & self.people))

    @property
    def empty(self) -> bool:
        """Say whether no customer can be seen."""
        return not self.every and not (self.own and self.people)


def scopes(policy: Policy, actor: Actor) -> Scopes:
    """Return which documents this person may read."""
    blocks = []
    for role in sorted(actor.roles):
        grades = policy.read.clearance.get(role, frozenset())
        for effect in sorted(OPENING):
            for category in Category:
                kinds = frozenset().union(
                    *(
                        cell.kinds
                        for module in Module
                        if (cell := policy.read.cells.get((role, category, module)))
                        and cell.effect is effect
                    )
                )
                own = effect is Effect.OWN
                people = actor.team if own else frozenset()
                blocks.append(Scope(category, kinds, grades, own, people))
    return Scopes.of(blocks)


def original_scopes(policy: Policy, actor: Actor) -> Scopes:
    """Return of which documents this person may have the originals: of the others only copies."""
    return scopes(policy, replace(actor, roles=actor.roles - policy.read.withheld))


def customer_scopes(policy: Policy, actor: Actor) -> CustomerScopes:
    """Return which customer files this person may see: those whose company module opens."""
    every, own = set(), set()
    for role in actor.roles:
        for category in Category:
            cell = policy.read.cells.get((role, category, Module.COMPANY))
            if cell and cell.effect is Effect.YES:
                every.add(category)
            elif cell and cell.effect is Effect.OWN:
                own.add(category)
    return CustomerScopes(frozenset(every), frozenset(own), actor.team)


@dataclass(frozen=True, slots=True)
class Target:
    """What a do right is asked about; what does not apply stays empty."""

    category: Category | None = None
    kind: str | None = None
    module: Module | None = None
    grade: Grade | None = None
    people: frozenset[str] = frozenset()
    creator: str | None = None
    uploader: str | None = None
    filing: Filing | None = None
    withdrawn_by: str | None = None
    status: Status | None = None
    subject_person: str | None = None
    in_scope: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """Yes or no, and the rule that decided, as it stands in the log."""

    allowed: bool
    rule: str


#: What the archive's own processes may do: closed unless listed.
SERVICES: Mapping[str, frozenset[Action]] = {
    "cli": frozenset({Action.USER_MANAGE, Action.SESSION_MANAGE_OWN, Action.INDEX_REBUILD})
    | frozenset({Action.STATUS_READ, Action.DOCUMENT_ADD, Action.IMPORT_RUN})
    | frozenset({Action.AUDIT_RESUME}),
    "anchor": frozenset({Action.ANCHOR_REKEY}),
    "worker": frozenset({Action.DOCUMENT_ADD, Action.DOCUMENT_EXTRACT})
    | frozenset({Action.DOCUMENT_INDEX, Action.DOCUMENT_RENDER, Action.AUDIT_EXPORT})
    | frozenset({Action.EXPORT_LIST, Action.EXPORT_DOCUMENTS, Action.EXPORT_COPIES}),
}


def decide(policy: Policy, actor: Actor, action: Action, target: Target) -> Verdict:
    """Say whether this person may do this to that, and by which rule."""
    if actor.kind == "service":
        allowed = action in SERVICES.get(actor.login, frozenset())
        return Verdict(allowed=allowed, rule=f"{action}:service")
    rules = policy.do.rules.get(action, {})
    denied = Verdict(allowed=False, rule=f"{action}:none")
    for holder in _holders(actor, target):
        rule = rules.get(holder)
        if rule is None:
            continue
        name = f"{action}:{holder}"
        if not _place(policy, actor, holder, rule, target):
            continue
        broken = next((c for c in sorted(rule.conditions) if not _holds(c, actor, target)), None)
        if broken is None:
            return Verdict(allowed=True, rule=name)
        denied = Verdict(allowed=False, rule=f"{name}:{broken}")
    return denied


def _holders(actor: Actor, target: Target) -> Iterable[str]:
    yield from sorted(actor.roles)
    if actor.id and actor.id == target.uploader:
        yield UPLOADER
    if actor.kind == "person":
        yield EVERYONE


def _place(policy: Policy, actor: Actor, holder: str, rule: Rule, target: Target) -> bool:
    if target.category and target.category not in rule.categories:
        return False
    if target.kind is not None and target.kind not in rule.kinds:
        return False
    if target.module is not None and target.module not in rule.modules:
        return False
    if rule.effect is Effect.OWN and not actor.team & target.people:
        return False
    if target.grade is None or holder in (UPLOADER, EVERYONE):
        return True
    return target.grade in policy.read.clearance.get(Role(holder), frozenset())


def _holds(condition: Condition, actor: Actor, target: Target) -> bool:
    match condition:
        case Condition.NOT_CREATOR:
            return target.creator != actor.id
        case Condition.NOT_UPLOADER:
            return target.uploader != actor.id
        case Condition.NOT_SELF:
            return target.subject_person != actor.id
        case Condition.WITHDREW:
            return target.withdrawn_by == actor.id
        case Condition.BEFORE_FILING:
            return target.filing is not Filing.FILED
        case Condition.IN_SCOPE:
            return target.in_scope


def creatable(policy: Policy, actor: Actor) -> tuple[Category, ...]:
    """Return the categories in which this person may open a customer file."""
    return tuple(
        c
        for c in Category
        if decide(policy, actor, Action.CUSTOMER_CREATE, Target(category=c)).allowed
    )


def may(policy: Policy, actor: Actor, action: Action, *, uploader: bool = False) -> bool:
    """Say whether some rule gives this person this action at all; `uploader`: of what they sent."""
    if action in BY_READ_RIGHT:
        return True
    holders: set[str] = {*actor.roles, EVERYONE} | ({UPLOADER} if uploader else set())
    return not holders.isdisjoint(policy.do.rules.get(action, {}))
