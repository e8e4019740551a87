"""The tables that the documentation prints: settings, commands, rights, document kinds, limits."""

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import MISSING, fields
from functools import cache
from pathlib import Path
from typing import Any

import click
from babel.messages.pofile import read_po

from indexer.extract import READERS, TASKS, Limits
from indexer.extract.isolation import OPEN_FILES
from indexer.extract.sandbox import FILES_PER_CHILD
from service.__main__ import main
from service.codes import PRIVILEGED, Category, Grade, Module, Role
from service.permissions import BY_READ_RIGHT, SERVICES, Action
from service.policy import packaged, parse
from service.policy.rules import Cell
from service.settings import Settings
from web import labels

_MIB = 1024 * 1024
ROOT = Path(__file__).parent.parent
CATALOGUE = ROOT / "web" / "translations" / "zh_CN" / "LC_MESSAGES" / "messages.po"
POLICY = parse(packaged())
TEXTS = packaged()

EFFECTS = {
    "yes": "all",
    "own": "own",
    "masked": "masked",
    "request": "on request",
    "masked+request": "masked, on request",
}
HOLDERS = {"uploader": "whoever uploaded it", "everyone": "everyone who is signed in"}
CONDITIONS = {
    "not_creator": "not who opened the file",
    "not_uploader": "not who uploaded it",
    "not_self": "not oneself",
    "before_filing": "before it is filed",
    "withdrew": "if one withdrew it",
    "in_scope": "if one may read it",
}


def table(heading: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a Markdown table."""
    head = list(heading)
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in r)} |" for r in lines)


@cache
def chinese() -> Mapping[str, str]:
    """Return the portal's Chinese words by their English ones."""
    with CATALOGUE.open("rb") as file:
        return {str(m.id): str(m.string) for m in read_po(file) if m.id}


def both(kind: str, code: object) -> str:
    """Return a code's Chinese and English word."""
    english = labels.TABLES[kind][str(code)]
    return f"{chinese()[english]} {english}"


def settings() -> str:
    """Every setting with its default."""
    return table(("variable", "default", "what it is"), map(_setting, fields(Settings)))


def _setting(field: Any) -> Iterable[str]:
    default = "" if field.default in {None, "", (), MISSING} else f"`{_shown(field.default)}`"
    name = f"`GUIDANG_{field.name.upper()}`"
    if field.metadata.get("secret"):
        name += f" or `GUIDANG_{field.name.upper()}_FILE`"
    return name, default, field.metadata["help"]


def _shown(default: object) -> object:
    return int(default) if isinstance(default, bool) else default


def limits() -> str:
    """The limits as they are packaged."""
    return f"```toml\n{TEXTS['limits'].strip()}\n```"


def commands() -> str:
    """Every command with its options, as click knows them."""
    return "\n\n".join(_command(name, command) for name, command in every_command())


def every_command(
    group: click.Group = main, before: str = "guidang"
) -> Iterator[tuple[str, click.Command]]:
    """Yield every command that does something, with its whole name."""
    for name, command in group.commands.items():
        whole = f"{before} {name}"
        if isinstance(command, click.Group):
            yield from every_command(command, whole)
        else:
            yield whole, command


def _command(name: str, command: click.Command) -> str:
    arguments = [p.make_metavar(click.Context(command)) for p in command.params if _argument(p)]
    text = f"### {' '.join([name, *arguments])}\n\n{command.help or ''}"
    options = [_option(p) for p in shown_options(command)]
    return f"{text}\n\n{table(('option', 'what it does'), options)}" if options else text


def shown_options(command: click.Command) -> list[click.Option]:
    """Return the options that the help shows: others are for the archive's own processes."""
    return [p for p in command.params if isinstance(p, click.Option) and not p.hidden]


def _argument(parameter: click.Parameter) -> bool:
    return isinstance(parameter, click.Argument)


def _option(option: click.Option) -> tuple[str, str]:
    named = ", ".join(f"`{o}`" for o in option.opts)
    told = [option.help or ""]
    if option.required:
        told.append("Required.")
    if option.multiple:
        told.append("May repeat.")
    if isinstance(option.type, click.Choice):
        told.append("One of " + ", ".join(f"`{c}`" for c in option.type.choices) + ".")
    if option.show_default:
        told.append(f"Default: `{option.default}`.")
    return named, " ".join(t for t in told if t)


def clearances() -> str:
    """Up to which grade each role may read."""
    rows = []
    for role in Role:
        grades = POLICY.read.clearance.get(role, frozenset())
        highest = max(grades, key=list(Grade).index, default=None)
        shown = both("grade", highest) if highest else "none"
        rows.append((both("role", role), f"`{role}`", shown))
    return table(("role", "code", "up to grade"), rows)


def reading() -> str:
    """The read matrix, one table for each category."""
    return "\n\n".join(f"### {both('category', c)} (`{c}`)\n\n{_matrix(c)}" for c in Category)


def _matrix(category: Category) -> str:
    heading = ("role", *(both("module", m) for m in Module))
    rows = []
    for role in Role:
        cells = (POLICY.read.cells.get((role, category, m)) for m in Module)
        rows.append((both("role", role), *map(_cell, cells)))
    return table(heading, rows)


def _cell(cell: Cell | None) -> str:
    if cell is None:
        return "–"
    part = f" ({', '.join(p.replace('_', ' ') for p in cell.part)})" if cell.part else ""
    return EFFECTS[cell.effect] + part


def doing() -> str:
    """Who may do what, by action."""
    rules = tomllib.loads(TEXTS["roles"])["do"]
    rows = []
    for action, holders in rules.items():
        for holder, rule in holders.items():
            conditions = ", ".join(CONDITIONS[c] for c in rule.get("conditions", ()))
            who = HOLDERS.get(holder) or both("role", holder)
            rows.append(
                (
                    both("action", action),
                    f"`{action}`",
                    who,
                    EFFECTS[rule["effect"]],
                    ", ".join(rule.get("categories", ())) or "all",
                    ", ".join(m.replace("_", " ") for m in rule.get("modules", ())) or "all",
                    conditions,
                )
            )
    heading = ("action", "code", "who", "customers", "categories", "modules", "only")
    return table(heading, rows)


def by_read_right() -> str:
    """Actions that need no rule of their own."""
    return ", ".join(f"`{a}`" for a in Action if a in BY_READ_RIGHT)


def services() -> str:
    """What the archive's own processes may do."""
    rows = ((f"`{n}`", ", ".join(f"`{a}`" for a in sorted(may))) for n, may in SERVICES.items())
    return table(("process", "may do"), rows)


def separated() -> str:
    """Roles that cannot be held together with another."""
    return ", ".join(both("role", role) for role in Role if role in PRIVILEGED)


def kinds() -> str:
    """Document kinds with their module and the grade an upload gets."""
    rows = (
        (both("kind", k.code), f"`{k.code}`", both("module", k.module), both("grade", k.grade))
        for k in POLICY.kinds.by_code.values()
    )
    return table(("document kind", "code", "module", "grade of an upload"), rows)


def readers() -> str:
    """What each reader may cost, by what it reads; then the tasks."""
    by_reader: dict[tuple[str, Limits], list[str]] = {}
    for media_type, reader in READERS.items():
        name = reader.function.removeprefix("indexer.extract.")
        by_reader.setdefault((name, reader.limits), []).append(media_type)
    rows = [
        (f"`{name}`", ", ".join(types), *_limits(limits))
        for (name, limits), types in by_reader.items()
    ]
    for task in sorted(TASKS, key=lambda task: task.function):
        name = task.function.removeprefix("indexer.extract.")
        rows.append((f"`{name}`", "a task beside reading", *_limits(task.limits)))
    head = ("reader", "of", "address space, MiB", "processor, s", "patience, s", "output, MiB")
    lasting = (
        f"For its whole life a process may have {OPEN_FILES} descriptors, write no file and leave "
        f"no core dump. It is replaced after {FILES_PER_CHILD} files."
    )
    return f"{table(head, rows)}\n\n{lasting}"


def _limits(limits: Limits) -> tuple[str, str, str, str]:
    memory, output = limits.memory // _MIB, limits.output // _MIB
    return f"{memory:,}", str(limits.cpu), f"{limits.wall:g}", f"{output:,}"


PRINTED: dict[str, Callable[[], str]] = {
    "settings": settings,
    "limits": limits,
    "commands": commands,
    "clearances": clearances,
    "reading": reading,
    "doing": doing,
    "by-read-right": by_read_right,
    "services": services,
    "separated": separated,
    "kinds": kinds,
    "readers": readers,
}
