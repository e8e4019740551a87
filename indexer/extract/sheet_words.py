"""Undoes how workbooks write characters that XML has no room for."""

import re
from typing import Final

#: Only a small x is meant so; `_x005F_` keeps an underscore that would begin such a mark.
_ESCAPED: Final = re.compile("_x([0-9A-Fa-f]{4})_")


def unescaped(text: str) -> str:
    """Return a text with each `_xHHHH_` as the UTF-16 unit it stands for (ECMA-376, ST_Xstring)."""
    if "_x" not in text:
        return text
    units = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    return units.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
