"""Chromium for the browser tests: found or installed, never downloaded by a tool."""

from pathlib import Path

from tests.live import machine

FONTS = Path("/usr/share/fonts")


def exports() -> dict[str, str]:
    """Name the program; a font with Chinese characters is there too."""
    program = machine.program("chromium", "chromium", "fonts-noto-cjk")
    if not any(FONTS.rglob("NotoSansCJK*")):
        machine.install(("fonts-noto-cjk",), why="Chinese text in the browser")
    return {"GUIDANG_TEST_CHROMIUM": str(program)}
