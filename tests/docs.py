"""What the documentation prints from the code: `make docs` writes it, tests/test_docs.py compares.

A page holds such a part between `<!-- printed: NAME -->` and `<!-- end -->`; tests/printing.py
says what stands there.
"""

import re
from pathlib import Path

from tests.printing import PRINTED

ROOT = Path(__file__).parent.parent
_PART = re.compile(r"<!-- printed: ([a-z-]+) -->\n.*?<!-- end -->", re.DOTALL)


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
