"""Rapidocr by itself: recognises the images named in the first argument whenever told to."""

import json
import sys
from pathlib import Path

import cv2
import rapidocr

from indexer.extract.lines import DETECTED_AT


def main(files: list[str]) -> None:
    """Answer each line on standard input with one when all images are recognised again."""
    cv2.setNumThreads(0)
    folder = Path(rapidocr.__file__).parent / "models"
    engine = rapidocr.RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.model_root_dir": str(folder),
            "Global.use_cls": False,
            "Global.return_word_box": True,
            "Global.max_side_len": 10_000,
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            "Det.limit_type": "max",
            "Det.limit_side_len": DETECTED_AT,
            "Det.model_path": str(folder / "PP-OCRv6_det_small.onnx"),
            "Rec.model_path": str(folder / "PP-OCRv6_rec_small.onnx"),
            "Rec.rec_batch_num": 1,
        }
    )
    print("done", flush=True)
    for _ in sys.stdin:
        for file in files:
            image = cv2.imread(file)
            if image is None or not getattr(engine(image), "txts", None):
                raise RuntimeError(file)
        print("done", flush=True)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
