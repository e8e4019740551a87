"""LibreOffice for the tests of pages: found or installed, never downloaded by a tool."""

from tests.live import machine

PACKAGES = ("libreoffice-writer-nogui", "libreoffice-impress-nogui", "fonts-noto-cjk")


def exports() -> dict[str, str]:
    """Name the program."""
    return {"GUIDANG_TEST_SOFFICE": str(machine.program("soffice", *PACKAGES))}
