"""What the documentation prints from the code: `make docs` writes it, tests/test_docs.py compares.

A page holds such a part between `<!-- printed: NAME -->` and `<!-- end -->`.
"""

import re
from collections.abc import Callable
from dataclasses import MISSING, fields
from pathlib import Path

from service.settings import Settings

ROOT = Path(__file__).parent.parent
_PART = re.compile(r"<!-- printed: ([a-z-]+) -->\n.*?<!-- end -->", re.DOTALL)


def settings() -> str:
    """Every setting with its default."""
    rows = ["| variable | default | what it is |", "|---|---|---|"]
    for field in fields(Settings):
        default = "" if field.default in {None, "", (), MISSING} else f"`{_shown(field.default)}`"
        name = f"`GUIDANG_{field.name.upper()}`"
        if field.metadata.get("secret"):
            name += f" or `GUIDANG_{field.name.upper()}_FILE`"
        rows.append(f"| {name} | {default} | {field.metadata['help'].replace('|', '&#124;')} |")
    return "\n".join(rows)


def _shown(default: object) -> object:
    return int(default) if isinstance(default, bool) else default


PRINTED: dict[str, Callable[[], str]] = {"settings": settings}


def pages() -> list[Path]:
    return [*ROOT.glob("*.md"), *sorted((ROOT / "docs").rglob("*.md"))]


def printed(page: str) -> str:
    """Return the page with its printed parts as the code has them now."""
    return _PART.sub(
        lambda part: f"<!-- printed: {part[1]} -->\n{PRINTED[part[1]]()}\n<!-- end -->", page
    )


def names(page: str) -> list[str]:
    return _PART.findall(page)


def main() -> None:
    for path in pages():
        old = path.read_text("utf-8")
        if (new := printed(old)) != old:
            path.write_text(new, "utf-8")
            print(f"wrote {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
