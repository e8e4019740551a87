"""What LibreOffice is told before it opens a file: no macro, no link, no fetch, and a plain PDF."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

_COMMON: Final = "/org.openoffice.Office.Common"
_NEVER: Final = 2
_VERY_HIGH: Final = 3

#: Items of the configuration; a version of LibreOffice that does not know one passes it over.
_ITEMS: Final[tuple[tuple[str, str, str | int | bool], ...]] = (
    (f"{_COMMON}/Security/Scripting", "MacroSecurityLevel", _VERY_HIGH),
    (f"{_COMMON}/Security/Scripting", "DisableMacrosExecution", True),
    (f"{_COMMON}/Security/Scripting", "DisablePythonRuntime", True),
    (f"{_COMMON}/Security/Scripting", "BlockUntrustedRefererLinks", True),
    (f"{_COMMON}/Security/Scripting", "DisableActiveContent", True),
    (f"{_COMMON}/Security/Scripting", "CheckDocumentEvents", True),
    ("/org.openoffice.Office.Writer/Content/Update", "Link", _NEVER),
    ("/org.openoffice.Office.Calc/Content/Update", "Link", _NEVER),
    ("/org.openoffice.Office.Writer/Filter/Import/VBA", "Load", False),
    ("/org.openoffice.Office.Writer/Filter/Import/VBA", "Executable", False),
    ("/org.openoffice.Office.Impress/Filter/Import/VBA", "Load", False),
    ("/org.openoffice.Office.Java/VirtualMachine", "Enable", False),
    (f"{_COMMON}/Misc", "UseOpenCL", False),
    (f"{_COMMON}/Misc", "FirstRun", False),
    ("/org.openoffice.Setup/L10N", "ooSetupSystemLocale", "zh-CN"),
    # what stands in fields of forms belongs to the page, remarks do not
    (f"{_COMMON}/Filter/PDF/Export", "ExportFormFields", False),
    (f"{_COMMON}/Filter/PDF/Export", "ExportNotes", False),
    (f"{_COMMON}/Filter/PDF/Export", "ExportBookmarks", False),
    (f"{_COMMON}/Filter/PDF/Export", "ExportHiddenSlides", True),
    (f"{_COMMON}/Filter/PDF/Export", "ReduceImageResolution", True),
    (f"{_COMMON}/Filter/PDF/Export", "MaxImageResolution", 150),
)


def write(folder: Path) -> None:
    """Write a fresh profile into a folder that is not there yet."""
    (folder / "user").mkdir(parents=True)
    (folder / "user" / "registrymodifications.xcu").write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n<oor:items '
        'xmlns:oor="http://openoffice.org/2001/registry" '
        'xmlns:xs="http://www.w3.org/2001/XMLSchema" '
        f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">{"".join(_items())}</oor:items>\n',
        encoding="utf-8",
    )


def _items() -> Iterator[str]:
    for path, name, value in _ITEMS:
        said = str(value).lower() if isinstance(value, bool) else value
        yield (
            f'<item oor:path="{path}"><prop oor:name="{name}" oor:op="fuse">'
            f"<value>{said}</value></prop></item>"
        )
