"""The image that a page of an OFD is made of, for recognising the writing on it."""

import io
import zipfile
from dataclasses import replace
from typing import BinaryIO, Final
from xml.etree.ElementTree import Element

import ofdkit
from ofdkit.package import Package

from indexer.extract import image
from indexer.extract.result import Reason, Unreadable
from indexer.extract.sheet import POINTS_PER_INCH, Sheet

_POINTS: Final = POINTS_PER_INCH / 25.4
#: Parts that say which files the images are in.
_RESOURCES: Final = 200


def shows_image(source: BinaryIO, number: int) -> bool:
    """Tell whether page `number`, from 1, shows an image."""
    source.seek(0)
    with Package(source) as package:
        return _shown(package, _location(source, number)[0]) is not None


def sheet(
    source: BinaryIO,
    number: int,
    password: str | None = None,  # noqa: ARG001 - an OFD has none, but every sheet is asked so
) -> Sheet:
    """Return the largest image on page `number`, from 1, as large as the page."""
    try:
        location, width, height = _location(source, number)
        source.seek(0)
        with Package(source) as package:
            shown = _shown(package, location)
            name = files(package).get(shown or "")
            if name is None:
                raise Unreadable(Reason.DAMAGED, "no image")
            drawn = image.sheet(io.BytesIO(package.read(name)), 1)
    except ofdkit.OFDLimitError as error:
        raise Unreadable(Reason.TOO_COMPLEX, "ofd") from error
    except (ofdkit.OFDError, zipfile.BadZipFile, ValueError, RuntimeError) as error:
        raise Unreadable(Reason.DAMAGED, "ofd") from error
    return replace(drawn, width=width * _POINTS, height=height * _POINTS)


def _location(source: BinaryIO, number: int) -> tuple[str, float, float]:
    source.seek(0)
    with ofdkit.open(source) as document:
        if not 0 < number <= len(document.pages):
            raise Unreadable(Reason.DAMAGED, "no such page")
        page = document.pages[number - 1]
        return page.location or "", page.width, page.height


def _shown(package: Package, location: str) -> str | None:
    """Return the id of the largest image on a page."""
    found = [
        (_area(one.get("Boundary")), str(one.get("ResourceID") or "").strip())
        for one in package.read_xml(location).iter()
        if local_name(one) == "ImageObject"
    ]
    return max(found)[1] if found else None


def _area(box: str | None) -> float:
    try:
        _, _, width, height = (float(part) for part in (box or "").split())
    except ValueError:
        return 0.0
    return width * height


def files(package: Package) -> dict[str, str]:
    """Return, by the ids of images, the names of their parts."""
    files: dict[str, str] = {}
    parts = [name for name in package.names if name.lower().endswith("res.xml")]
    for part in parts[:_RESOURCES]:
        root = package.read_xml(part)
        folder = str(root.get("BaseLoc") or "").strip("/")
        for media in root.iter():
            if local_name(media) != "MultiMedia":
                continue
            file = next((one.text for one in media if local_name(one) == "MediaFile"), None)
            places = (f"{folder}/{file}", file) if folder else (file,)
            name = next(filter(None, (package.resolve(part, place) for place in places)), None)
            if name:
                files.setdefault(str(media.get("ID") or "").strip(), name)
    return files


def local_name(element: Element) -> str:
    """Return the name of an element without its namespace: makers write different ones."""
    return str(element.tag).rpartition("}")[2]
