"""The rules as frozen tables: kinds, read cells, do cells, fields, limits. Parsing only."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, Self, TypeVar

from service.codes import Category, Grade, Module, Role, grades_up_to
from service.policy import exporting, unusual
from service.policy.exporting import BundleLimits, CopyLimits, ExportLimits, SetLimits
from service.policy.unusual import UnusualLimits

E = TypeVar("E", bound=StrEnum)


class PolicyError(Exception):
    """A policy text that cannot govern: the message names the file and the word."""


class Effect(StrEnum):
    """What a cell of the matrix gives."""

    YES = "yes"
    OWN = "own"
    MASKED = "masked"
    REQUEST = "request"
    MASKED_REQUEST = "masked+request"


class Condition(StrEnum):
    """What must hold beside the cell for a do right."""

    NOT_CREATOR = "not_creator"
    NOT_UPLOADER = "not_uploader"
    NOT_SELF = "not_self"
    BEFORE_FILING = "before_filing"
    WITHDREW = "withdrew"
    IN_SCOPE = "in_scope"


#: Effects that open documents today; masked and request come with approvals.
OPENING = frozenset({Effect.YES, Effect.OWN})

#: Who may appear in a do rule beside the roles.
UPLOADER = "uploader"
EVERYONE = "everyone"


def _word(vocabulary: type[E], word: object, where: str) -> E:
    try:
        return vocabulary(str(word))
    except ValueError:
        message = f"{where}: unknown word {word!r}"
        raise PolicyError(message) from None


def _table(value: object, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        message = f"{where}: a table is expected"
        raise PolicyError(message)
    return value


def _only(table: Mapping[str, Any], allowed: Iterable[str], where: str) -> None:
    for word in table:
        if word not in allowed:
            message = f"{where}: unknown word {word!r}"
            raise PolicyError(message)


@dataclass(frozen=True, slots=True)
class Kind:
    """A document kind: its module and the grade an upload gets unless raised."""

    code: str
    module: Module
    grade: Grade


@dataclass(frozen=True, slots=True)
class Kinds:
    """Document kinds by code, and named parts of modules as sets of kinds."""

    by_code: Mapping[str, Kind]
    parts: Mapping[str, frozenset[str]]

    @classmethod
    def parse(cls, toml: Mapping[str, Any]) -> Self:
        """Read kinds.toml."""
        _only(toml, ("kinds", "parts"), "kinds.toml")
        by_code = {}
        for code, row in _table(toml.get("kinds"), "kinds.toml [kinds]").items():
            where = f"kinds.toml {code}"
            _only(_table(row, where), ("module", "grade"), where)
            by_code[code] = Kind(
                code, _word(Module, row.get("module"), where), _word(Grade, row.get("grade"), where)
            )
        parts = {}
        for name, row in _table(toml.get("parts", {}), "kinds.toml [parts]").items():
            where = f"kinds.toml part {name}"
            _only(_table(row, where), ("module", "kinds"), where)
            module = _word(Module, row.get("module"), where)
            for code in row.get("kinds", ()):
                if code not in by_code or by_code[code].module is not module:
                    message = f"{where}: {code!r} is no kind of module {module}"
                    raise PolicyError(message)
            parts[name] = frozenset(row.get("kinds", ()))
        return cls(by_code, parts)

    def of_module(self, module: Module) -> frozenset[str]:
        """Return the codes of a module's kinds."""
        return frozenset(k.code for k in self.by_code.values() if k.module is module)

    def named(self, names: Iterable[str], where: str) -> frozenset[str]:
        """Return the kinds that a list of modules and parts covers."""
        covered: frozenset[str] = frozenset()
        for name in names:
            if name in self.parts:
                covered |= self.parts[name]
            else:
                covered |= self.of_module(_word(Module, name, where))
        return covered


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the read matrix: an effect on kinds; `part` when not the whole module."""

    effect: Effect
    kinds: frozenset[str]
    part: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadRules:
    """The read matrix and the clearances. A missing cell gives nothing."""

    cells: Mapping[tuple[Role, Category, Module], Cell]
    clearance: Mapping[Role, frozenset[Grade]]
    #: roles whose cells give no originals
    withheld: frozenset[Role] = frozenset()

    @classmethod
    def parse(cls, toml: Mapping[str, Any], kinds: Kinds) -> Self:
        """Read [clearance], [read] and [originals] of roles.toml."""
        _only(toml, ("clearance", "read", "originals", "do"), "roles.toml")
        clearance = {}
        for name, highest in _table(toml.get("clearance"), "roles.toml [clearance]").items():
            role = _word(Role, name, "roles.toml [clearance]")
            grade = None if highest == "none" else _word(Grade, highest, f"clearance of {role}")
            clearance[role] = grades_up_to(grade) if grade else frozenset()
        cells = {}
        for name, categories in _table(toml.get("read"), "roles.toml [read]").items():
            role = _word(Role, name, "roles.toml [read]")
            for cat, modules in _table(categories, f"read.{role}").items():
                category = _word(Category, cat, f"read.{role}")
                for mod, value in _table(modules, f"read.{role}.{category}").items():
                    where = f"roles.toml read.{role}.{category}.{mod}"
                    module = _word(Module, mod, where)
                    cells[role, category, module] = _cell(value, module, kinds, where)
        return cls(cells, clearance, _withheld(toml))


def _withheld(toml: Mapping[str, Any]) -> frozenset[Role]:
    """Return the roles without originals; a text that is older than the section has none."""
    where = "roles.toml [originals]"
    row = _table(toml.get("originals", {}), where)
    _only(row, ("withheld",), where)
    return frozenset(_word(Role, name, where) for name in row.get("withheld", ()))


def _cell(value: object, module: Module, kinds: Kinds, where: str) -> Cell:
    if isinstance(value, str):
        return Cell(_word(Effect, value, where), kinds.of_module(module))
    row = _table(value, where)
    _only(row, ("effect", "part"), where)
    part = tuple(row.get("part", ()))
    for name in part:
        if name not in kinds.parts:
            message = f"{where}: unknown word {name!r}"
            raise PolicyError(message)
    covered = kinds.named(part, where) & kinds.of_module(module)
    return Cell(_word(Effect, row.get("effect"), where), covered, part)


@dataclass(frozen=True, slots=True)
class Rule:
    """What one role may do with one action: where, on which kinds, under which conditions."""

    effect: Effect
    categories: frozenset[Category]
    kinds: frozenset[str]
    modules: frozenset[Module]
    conditions: frozenset[Condition]


@dataclass(frozen=True, slots=True)
class DoRules:
    """Do rights by action and holder (a role, `uploader` or `everyone`)."""

    rules: Mapping[str, Mapping[str, Rule]]

    @classmethod
    def parse(cls, toml: Mapping[str, Any], kinds: Kinds) -> Self:
        """Read [do] of roles.toml."""
        rules: dict[str, dict[str, Rule]] = {}
        for action, holders in _table(toml.get("do"), "roles.toml [do]").items():
            rules[action] = {}
            for holder, row in _table(holders, f"do.{action}").items():
                where = f"roles.toml do.{action}.{holder}"
                if holder not in (UPLOADER, EVERYONE):
                    _word(Role, holder, where)
                rules[action][holder] = _rule(_table(row, where), kinds, where)
        return cls(rules)


def _rule(row: Mapping[str, Any], kinds: Kinds, where: str) -> Rule:
    _only(row, ("effect", "categories", "modules", "conditions"), where)
    named = row.get("modules", tuple(Module))
    effect = _word(Effect, row.get("effect"), where)
    if effect not in OPENING:
        message = f"{where}: a do right is yes or own, not {effect!s}"
        raise PolicyError(message)
    return Rule(
        effect=effect,
        categories=frozenset(
            _word(Category, c, where) for c in row.get("categories", tuple(Category))
        ),
        kinds=kinds.named(named, where),
        modules=frozenset(Module(m) for m in named if m in set(Module)),
        conditions=frozenset(_word(Condition, c, where) for c in row.get("conditions", ())),
    )


class FieldClass(StrEnum):
    """How a field's value is kept."""

    INTERNAL = "internal"
    TRADE = "trade"
    PERSONAL = "personal"
    SENSITIVE = "sensitive"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a customer file."""

    key: str
    record: str
    class_: FieldClass
    required: bool
    longest: int


@dataclass(frozen=True, slots=True)
class Fields:
    """Fields by key."""

    by_key: Mapping[str, Field]

    @classmethod
    def parse(cls, toml: Mapping[str, Any]) -> Self:
        """Read fields.toml."""
        _only(toml, ("fields",), "fields.toml")
        by_key = {}
        for key, row in _table(toml.get("fields"), "fields.toml [fields]").items():
            where = f"fields.toml {key}"
            _only(_table(row, where), ("record", "class", "required", "max"), where)
            by_key[key] = Field(
                key,
                str(row.get("record")),
                _word(FieldClass, row.get("class"), where),
                bool(row.get("required", False)),
                int(row.get("max", 500)),
            )
        return cls(by_key)


@dataclass(frozen=True, slots=True)
class SignInLimits:
    """Limits of sign-ins; names say the unit."""

    idle_minutes: int
    absolute_hours: int
    step_up_minutes: int
    pair_failures: int
    address_failures: int
    lock_minutes: int
    password_length: int


@dataclass(frozen=True, slots=True)
class TokenLimits:
    """Life of API tokens in days."""

    default_days: int
    longest_days: int


@dataclass(frozen=True, slots=True)
class ApiLimits:
    """How often one person's programs may ask."""

    requests_per_minute: int


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """How much one person may have in flight."""

    waiting_per_person: int


@dataclass(frozen=True, slots=True)
class ReadingLimits:
    """How long an opened document counts as one reading."""

    minutes: int


@dataclass(frozen=True, slots=True)
class AnchorLimits:
    """How long work goes on though no outside place takes notes of the log."""

    closed_hours: int


@dataclass(frozen=True, slots=True)
class LogLimits:
    """When an intent without outcome counts as an orphan."""

    orphan_minutes: int


_SECTIONS: Mapping[str, type] = {
    "sign_in": SignInLimits,
    "token": TokenLimits,
    "api": ApiLimits,
    "upload": UploadLimits,
    "reading": ReadingLimits,
    "bundle": BundleLimits,
    "export": ExportLimits,
    "export_documents": SetLimits,
    "export_copies": CopyLimits,
    "log": LogLimits,
    "anchor": AnchorLimits,
    "unusual": UnusualLimits,
}


#: what holds where the text that governs is older than the section
_SINCE: Mapping[str, Mapping[str, int]] = {
    "api": {"requests_per_minute": 6000},
    "anchor": {"closed_hours": 72},
    **exporting.SINCE,
    "unusual": unusual.SINCE,
}


@dataclass(frozen=True, slots=True)
class Limits:
    """All limits, by section of limits.toml."""

    sign_in: SignInLimits
    token: TokenLimits
    api: ApiLimits
    upload: UploadLimits
    reading: ReadingLimits
    bundle: BundleLimits
    export: ExportLimits
    export_documents: SetLimits
    export_copies: CopyLimits
    log: LogLimits
    anchor: AnchorLimits
    unusual: UnusualLimits

    @classmethod
    def parse(cls, toml: Mapping[str, Any]) -> Self:
        """Read limits.toml; every limit must be there and be a positive whole number."""
        _only(toml, _SECTIONS, "limits.toml")
        known = {**_SINCE, **toml}
        sections = {name: _section(name, kind, known) for name, kind in _SECTIONS.items()}
        return cls(**sections)  # type: ignore[arg-type]


def _section(name: str, kind: type, toml: Mapping[str, Any]) -> object:
    where = f"limits.toml [{name}]"
    row = _table(toml.get(name), where)
    wanted = [f.name for f in fields(kind)]
    _only(row, wanted, where)
    for word in wanted:
        if type(row.get(word)) is not int or row[word] <= 0:
            message = f"{where}: {word} must be a positive whole number"
            raise PolicyError(message)
    return kind(**row)
