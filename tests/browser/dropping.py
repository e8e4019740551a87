"""Dropping files on a page, as people do."""

from pathlib import Path

from playwright.sync_api import Page


def drop(page: Page, folder: Path) -> None:
    """Drop a folder on the page as the system's file manager does."""
    box = page.locator(".drop").bounding_box()
    assert box
    mouse = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        mouse.send(
            "Input.dispatchDragEvent",
            {
                "type": kind,
                "x": box["x"] + 20,
                "y": box["y"] + 20,
                "data": {"items": [], "files": [str(folder)], "dragOperationsMask": 1},
            },
        )
