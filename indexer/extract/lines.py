"""Finds lines of writing in an image and reads them: rapidocr, with the models in its wheel.

Models are loaded when this module is imported, which is before there is no file system to load
them from, and run in the one thread a sandboxed process may have.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import rapidocr
from numpy.typing import NDArray
from rapidocr.ch_ppocr_det import TextDetector
from rapidocr.ch_ppocr_rec import TextRecInput, TextRecognizer
from rapidocr.utils.process_img import get_rotate_crop_image

Image = NDArray[np.uint8]
#: Four corners as a line is read: top left, top right, bottom right, bottom left; in pixels.
Corners = NDArray[np.float32]

#: Longest side that lines are looked for at. Measured: more costs time and finds nothing more.
DETECTED_AT: Final = 960
#: Where a line ends is counted in thousandths of its length.
WHOLE: Final = 1000
_SMALLEST: Final = 4
_SIDE: Final = 32
#: As `get_rotate_crop_image` has it, which turns such lines.
_ON_END: Final = 1.5

_HAN: Final = r"[\u2e80-\u9fff\uf900-\ufaff\uff01-\uff60]"
_BLANKS: Final = re.compile(f"(?<={_HAN})[ \u3000]+(?={_HAN})")


@dataclass(frozen=True, slots=True)
class Read:
    """What stands on a line: its text, how sure that is, and where each character ends."""

    text: str
    score: float
    ends: tuple[int, ...]


def _models() -> tuple[TextDetector, TextRecognizer]:
    folder = Path(rapidocr.__file__).parent / "models"
    settings = rapidocr.RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.model_root_dir": str(folder),
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            "Det.limit_type": "max",
            "Det.limit_side_len": DETECTED_AT,
            "Det.model_path": str(folder / "PP-OCRv6_det_small.onnx"),
            "Rec.model_path": str(folder / "PP-OCRv6_rec_small.onnx"),
            "Rec.rec_batch_num": 1,  # half the memory of six, and faster
        }
    ).cfg
    for part in (settings.Det, settings.Rec):
        part.engine_cfg = settings.EngineConfig[part.engine_type.value]
    settings.Rec.font_path = None
    return TextDetector(settings.Det), TextRecognizer(settings.Rec)


cv2.setNumThreads(0)
_detector, _recogniser = _models()


def find(image: Image, looked_at: int = DETECTED_AT) -> list[Corners]:
    """Return where lines of writing are in an image (rows, columns, three colours).

    For this it is made no longer than `looked_at` pixels.
    """
    height, width = image.shape[:2]
    if min(height, width) < _SIDE:
        down, right = max(0, _SIDE - height), max(0, _SIDE - width)
        image = np.pad(image, ((0, down), (0, right), (0, 0)), mode="edge")
    _detector.limit_side_len = looked_at
    found = _detector(image).boxes
    if found is None:
        return []
    return [corners.astype(np.float32) for corners in found]


def cut(image: Image, corners: Corners) -> Image | None:
    """Return a line as an image of its own, straightened; None if it is too small to be one."""
    across = max(_length(corners[0], corners[1]), _length(corners[3], corners[2]))
    down = max(_length(corners[0], corners[3]), _length(corners[1], corners[2]))
    if min(across, down) < _SMALLEST:
        return None
    return np.ascontiguousarray(get_rotate_crop_image(image, corners))


def is_on_end(corners: Corners) -> bool:
    """Tell whether a line is so much higher than wide that it is read downwards."""
    across = int(max(_length(corners[0], corners[1]), _length(corners[2], corners[3])))
    down = int(max(_length(corners[0], corners[3]), _length(corners[1], corners[2])))
    return down >= _ON_END * across


def read(line: Image) -> Read:
    """Return what stands on the image of a line."""
    said = _recogniser(TextRecInput(img=line, return_word_box=True))
    text, score, word = str((said.txts or ("",))[0]), float(said.scores[0]), said.word_results[0]
    kept = _kept(text)
    if not kept:
        return Read("", 0.0, ())
    ends = _ends(text, word)
    return Read("".join(text[at] for at in kept), score, tuple(ends[at] for at in kept))


def _kept(text: str) -> list[int]:
    """Return which characters stay: without blanks between Chinese ones, and at both ends."""
    gone = {at for blank in _BLANKS.finditer(text) for at in range(*blank.span())}
    gone |= set(range(len(text) - len(text.lstrip()))) | set(range(len(text.rstrip()), len(text)))
    return [at for at in range(len(text)) if at not in gone]


def _ends(text: str, word: Any) -> list[int]:  # noqa: ANN401 - rapidocr publishes no type
    """Return where each character ends: half way to the place of the next one."""
    places = [place for group in word.word_cols for place in group]
    whole = max(1.0, float(word.line_txt_len))
    middles: list[float] = []
    for character in text:
        if character.isspace() or not places:
            middles.append(middles[-1] if middles else 0.0)
        else:
            middles.append((places.pop(0) + 0.5) / whole)
    following = [*middles[1:], 1.0]
    ends = [(a + b) / 2 for a, b in zip(middles, following, strict=True)]
    ends[-1] = 1.0
    rounded = [round(WHOLE * min(1.0, max(0.0, end))) for end in ends]
    return list(np.maximum.accumulate(rounded).tolist())


def _length(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    return float(np.hypot(*(a - b)))
