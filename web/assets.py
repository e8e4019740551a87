"""Builds what the pages need from installed packages: the icon sprite and the compiled catalogues.

`python -m web.assets` builds what is stale and is quick when nothing is;
`python -m web.assets extract` brings the catalogues up to date with the sources.
"""

import ast
import hashlib
import importlib.util
import os
import re
import sys
from collections.abc import Collection, Iterator
from pathlib import Path

HERE = Path(__file__).parent
SPRITE = HERE / "static" / "icons.svg"
CATALOGUES = "translations/*/LC_MESSAGES/messages.po"

_IN_CALL = re.compile(r"\bicon\(([^,)]*)")
_NAME_IN_CALL = re.compile(r"""(?<!\[)(?<!== )(?<!!= )["']([a-z0-9-]+)["']""")
_KEYWORD = re.compile(r"""\bicon(?:_name)?\s*=\s*["']([a-z0-9-]+)["']""")
_JINJA = re.compile(r"\{[{%].*?[}%]\}", re.DOTALL)
_WORD = re.compile(r"""["']([a-z0-9-]+)["']""")
_SYMBOL = re.compile(r'<symbol [^>]*\bid="([a-z0-9-]+)".*?</symbol>', re.DOTALL)


class AssetError(Exception):
    """An asset cannot be built; the sentence says which and why."""


def template_icons(source: str) -> set[str]:
    """Find the icons of a template: `icon('name')` and `icon='name'` in the call of a macro."""
    calls = {name for call in _IN_CALL.findall(source) for name in _NAME_IN_CALL.findall(call)}
    return calls | set(_KEYWORD.findall(source))


def python_icons(source: str) -> set[str]:
    """Find the icons named as data: the values of `ICONS`, and `icon="name"` in a call."""
    if "icon" not in source.lower():
        return set()
    return {name for node in ast.walk(ast.parse(source)) for name in _icons_of(node)}


def _icons_of(node: ast.AST) -> Iterator[str]:
    match node:
        case (
            ast.Assign(targets=[ast.Name(id="ICONS")], value=value)
            | ast.AnnAssign(target=ast.Name(id="ICONS"), value=ast.expr() as value)
        ):
            yield from _strings(value)
        case ast.keyword(arg="icon", value=ast.Constant(value=str(name))):
            yield name


def _strings(node: ast.expr) -> Iterator[str]:
    """Yield the strings of a literal; of a mapping only the values."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.Dict(values=values) | ast.Call(args=values):
            yield from (text for value in values for text in _strings(value))
        case ast.Set(elts=values) | ast.Tuple(elts=values) | ast.List(elts=values):
            yield from (text for value in values for text in _strings(value))


def template_words(source: str) -> set[str]:
    """Find every word that a template hands on: macros take icons as plain arguments too."""
    return {word for block in _JINJA.findall(source) for word in _WORD.findall(block)}


def used_icons(root: Path = HERE) -> set[str]:
    """Name every icon that the pages show."""
    templates = (template_icons(p.read_text("utf-8")) for p in root.glob("templates/**/*.html"))
    modules = (python_icons(p.read_text("utf-8")) for p in root.rglob("*.py"))
    return set().union(*templates, *modules)


def sprite(names: set[str], every: str, *, perhaps: Collection[str] = ()) -> str:
    """Cut symbols out of the full sprite of Bootstrap Icons: the named ones must be there."""
    symbols = {found[1]: found[0] for found in _SYMBOL.finditer(every)}
    wanted = names | (symbols.keys() & set(perhaps))
    if unknown := sorted(names - symbols.keys()):
        raise AssetError(f"Bootstrap Icons has no {', '.join(unknown)}")
    return "".join(
        (
            '<svg xmlns="http://www.w3.org/2000/svg">',
            f"<!-- Bootstrap Icons, MIT licence; {_key({*names, *perhaps}, every)} -->",
            *(symbols[name] for name in sorted(wanted)),
            "</svg>\n",
        )
    )


def _key(names: set[str], every: str) -> str:
    """Tell what was asked for, and of which release, from what is asked for now."""
    return hashlib.sha256(f"{sorted(names)} {len(every)}".encode()).hexdigest()[:16]


def build_sprite(target: Path = SPRITE) -> bool:
    """Write the sprite unless it holds these icons already; tell whether it was written."""
    names, words = used_icons(), _words()
    every = _bootstrap_icons().read_text("utf-8")
    if target.exists() and _key(names | words, every) in target.read_text("utf-8")[:200]:
        return False
    _write(target, sprite(names, every, perhaps=words).encode())
    return True


def _words(root: Path = HERE) -> set[str]:
    templates = (template_words(p.read_text("utf-8")) for p in root.glob("templates/**/*.html"))
    return set().union(*templates)


def _bootstrap_icons() -> Path:
    """Find the full sprite without importing Flask: every start comes by here."""
    package = importlib.util.find_spec("flask_bootstrap")
    if package is None or package.origin is None:
        raise AssetError("Bootstrap-Flask is not installed")
    return Path(package.origin).parent / "static/bootstrap5/icons/bootstrap-icons.svg"


def compile_catalogues(root: Path = HERE) -> list[Path]:
    """Compile each catalogue that is newer than what was compiled from it; name those."""
    return [po for po in sorted(root.glob(CATALOGUES)) if _compile(po, po.with_suffix(".mo"))]


def _compile(po: Path, mo: Path) -> bool:
    if mo.exists() and mo.stat().st_mtime >= po.stat().st_mtime:
        return False
    from web.catalogue import compiled

    _write(mo, compiled(po))
    return True


def _write(target: Path, content: bytes) -> None:
    """Replace the file in one step: another process may be reading it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    new = target.with_name(f"{target.name}.{os.getpid()}")
    new.write_bytes(content)
    new.replace(target)


def main(arguments: list[str]) -> int:
    """Build what is stale, or collect the messages."""
    if arguments == ["extract"]:
        from web.catalogue import update

        for po in sorted(HERE.glob(CATALOGUES)):
            print(f"{po.relative_to(HERE)}: {update(po)} without translation")
    elif arguments:
        print("python -m web.assets [extract]", file=sys.stderr)
        return 2
    built = [SPRITE] if build_sprite() else []
    for path in [*built, *compile_catalogues()]:
        print(f"built {path.relative_to(HERE.parent)}")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except AssetError as error:
        sys.exit(f"web.assets: {error}")
