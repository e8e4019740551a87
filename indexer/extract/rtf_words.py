"""What the control words of RTF mean to whoever wants the text: codepages, destinations, marks."""

import codecs
from types import MappingProxyType
from typing import Final

#: Codecs of `\ansicpg` and `\cpg`; what isn't here is read as Western.
CODEPAGES: Final = MappingProxyType(
    {
        **{n: f"cp{n}" for n in (437, 850, 852, 866, 874, 932, 949, 950, *range(1250, 1259))},
        936: "gb18030",
        54936: "gb18030",
        10000: "mac_roman",
        10008: "gb18030",
        65001: "utf-8",
    }
)
#: Codecs of `\fcharset`; 0, 1 and 2 say nothing that the document doesn't.
CHARSETS: Final = MappingProxyType(
    {
        77: "mac_roman",
        128: "cp932",
        129: "cp949",
        134: "gb18030",
        136: "cp950",
        161: "cp1253",
        162: "cp1254",
        163: "cp1258",
        177: "cp1255",
        178: "cp1256",
        186: "cp1257",
        204: "cp1251",
        222: "cp874",
        238: "cp1250",
        255: "cp437",
    }
)
#: Words before the time of `\ansicpg`.
OLD_CODEPAGES: Final = MappingProxyType({"mac": "mac_roman", "pc": "cp437", "pca": "cp850"})
for _codec in {*CODEPAGES.values(), *CHARSETS.values(), "cp1252"}:
    codecs.lookup(_codec)  # in the sandbox nothing can be loaded later

#: Groups that show nothing. Of those marked with a star all others show nothing either.
SILENT: Final = frozenset(
    "colortbl stylesheet info pict nonshppict fldinst filetbl revtbl listtable private template "
    "sn sv tc tcn xe rxe txe bkmkstart bkmkend nonesttables atnid atnauthor atndate objdata "
    "datafield upr levelnumbers leveltext pntxta pntxtb ftnsep ftnsepc ftncn aftnsep aftnsepc "
    "aftncn generator xmlnstbl".split()
)
#: Groups marked with a star that are read all the same.
STARRED: Final = frozenset("shpinst shptxt do dptxbxtext annotation footnote ud".split())
#: What follows the paragraph that it hangs on.
ASIDE: Final = frozenset("footnote annotation shptxt dptxbxtext".split())
#: What stands on every page, and is read once at the end.
HEADERS: Final = frozenset("header headerl headerr headerf footer footerl footerr footerf".split())
MARKS: Final = MappingProxyType(
    {
        "tab": "\t",
        "line": "\n",
        "emdash": "—",
        "endash": "–",
        "bullet": "•",
        "lquote": "‘",
        "rquote": "’",
        "ldblquote": "“",
        "rdblquote": "”",
        "emspace": " ",
        "enspace": " ",
        "qmspace": " ",
        "nestcell": " ",
        "nestrow": " ",
    }
)
ENDS: Final = frozenset({"par", "sect", "page", "column"})
SYMBOLS: Final = MappingProxyType({b"~": "\xa0", b"_": "-", b"\\": "\\", b"{": "{", b"}": "}"})
