"""What Chinese looks like: its characters, and punctuation that does not belong beside them."""

import re

HAN = "[㐀-䶿一-鿿々〇]"
#: Chinese and its punctuation, as pages show them
CHINESE = re.compile(r"[㐀-䶿一-鿿々〇，。：；？！（）]")
#: punctuation of Chinese is full width, beside a blank too
_HALF_WIDTH = re.compile(rf"{HAN} ?[,.:;?!()]|[,.:;?!()] ?{HAN}")
#: where a message shows a value
_VALUE = re.compile(r"%\(\w+\)[sd]|\{\w+\}")


def half_width(text: str) -> bool:
    """Say whether a message has punctuation of half width beside a Chinese character."""
    return _HALF_WIDTH.search(_VALUE.sub("0", text)) is not None
