"""Chinese lettering as masks, drawn by Pillow (extra ``train``) with a font of the system."""

import subprocess
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from labels.synthesis.things.noise import Field

FONTS = (
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc",
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc",
    "/System/Library/Fonts/PingFang.ttc",
    "C:/Windows/Fonts/msyhbd.ttc",
    "C:/Windows/Fonts/msyh.ttc",
)
"""Where Debian, Fedora, macOS and Windows keep a font with Chinese characters."""


class NoChineseFont(RuntimeError):
    """Lettering cannot be drawn. The message says what to install."""


@cache
def chinese_font() -> Path:
    """A font file with Chinese characters. Raises ``NoChineseFont``."""
    for name in FONTS:
        if Path(name).is_file():
            return Path(name)
    try:
        answer = subprocess.run(
            ["fc-list", "-f", "%{file}\n", ":lang=zh-cn"], capture_output=True, text=True, check=True, timeout=20
        ).stdout.split("\n")
    except (OSError, subprocess.SubprocessError):
        answer = []
    for name in sorted(filter(None, answer)):
        return Path(name)
    raise NoChineseFont(
        "no font with Chinese characters was found, and banners, bills and boards need one: "
        "install one (on Debian: apt install fonts-wqy-microhei)"
    )


def lettering(text: str, height: int, bold: float = 0.0, upright: bool = False) -> Field:
    """``(H, W)`` opacity of the text, cut to its ink.

    height: size of a character in pixels. bold: further width of the strokes as a part of it. upright: the characters
    stand below each other. Raises ``NoChineseFont``, also where Pillow is not installed.
    """
    try:
        image, draw = import_module("PIL.Image"), import_module("PIL.ImageDraw")
    except ImportError:
        raise NoChineseFont(
            "lettering is drawn by Pillow, which comes with the extra: pip install '.[train]'"
        ) from None
    font = _font(str(chinese_font()), height)
    shown = "\n".join(text) if upright else text
    stroke = round(bold * height)
    canvas = image.new("L", (1, 1))
    options = {"font": font, "stroke_width": stroke, "spacing": height // 6}
    left, top, right, bottom = draw.Draw(canvas).multiline_textbbox((0, 0), shown, **options)
    canvas = image.new("L", (int(right - left) + 2, int(bottom - top) + 2))
    draw.Draw(canvas).multiline_text((1 - left, 1 - top), shown, fill=255, **options)
    return np.asarray(canvas, np.float32) / np.float32(255)


@cache
def _font(file: str, size: int) -> Any:
    return import_module("PIL.ImageFont").truetype(file, size)


def phone_number(rng: np.random.Generator) -> str:
    """Eleven digits that look like a mobile number; no network uses the prefix 10, so it is nobody's."""
    return "10" + "".join(str(digit) for digit in rng.integers(0, 10, 9))
