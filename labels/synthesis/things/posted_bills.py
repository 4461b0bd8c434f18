"""Small bills stuck on walls, poles and cabinets, and numbers sprayed beside them."""

import cv2
import numpy as np

from labels.synthesis.cutout import Cutout, Where
from labels.synthesis.things.noise import Field, fractal, slope_light
from labels.synthesis.things.painting import Colour, Layer, blank, finished, ink, lit, over, seen_askew, sheet, warped
from labels.synthesis.things.text import lettering, phone_number

TITLES = """
招租 转让 开锁 疏通管道 办证 招聘 搬家 房屋出租 回收家电 贷款 寻物启事 补漏 修空调 家教 高价回收
打孔 急售 招工
""".split()
SPRAYED = "办证 开锁 疏通 打孔 防水 贷款 刻章 搬家 补漏 回收".split()
PAPERS: tuple[Colour, ...] = (
    (0.93, 0.92, 0.88), (0.93, 0.92, 0.88), (0.85, 0.83, 0.78), (0.95, 0.85, 0.35), (0.9, 0.6, 0.65), (0.8, 0.25, 0.2),
    (0.6, 0.8, 0.6), (0.6, 0.72, 0.88),
)  # fmt: skip


def posted_bills(rng: np.random.Generator) -> Cutout:
    """A cluster of bills 0.3 to 1.5 m across, sprayed writing, or both."""
    kind = rng.choice(["cluster", "pole", "sprayed", "both", "single"], p=[0.4, 0.15, 0.25, 0.1, 0.1])
    metres_a_pixel = rng.uniform(0.0035, 0.006)
    where: Where = "wall"
    if kind == "pole":
        layer, where = _round_a_pole(rng, _cluster(rng, int(rng.integers(2, 6)), 110, 260)), "pole"
    elif kind == "sprayed":
        layer, metres_a_pixel = _sprayed(rng), rng.uniform(0.004, 0.008)
    elif kind == "single":
        layer = _cluster(rng, 1, 150, 150)
    else:
        layer = _cluster(rng, int(rng.integers(3, 14)), int(rng.integers(160, 340)), int(rng.integers(150, 300)))
        if kind == "both":
            writing = _sprayed(rng)
            below = blank(max(layer.shape[0], writing.shape[0]) + 40, layer.shape[1] + writing.shape[1] // 2)
            over(below, layer)
            over(below, writing, layer.shape[1] // 2, int(rng.integers(0, 40)))
            layer = below
    if kind != "pole":
        layer = seen_askew(layer, rng, 0.3)
    return finished(layer, rng, "posted_bills", "posted bills", 1 / metres_a_pixel, where)


def _bill(rng: np.random.Generator) -> Layer:
    width = int(rng.integers(38, 72))
    height = int(width * rng.uniform(0.6, 1.5))
    paper = np.asarray(PAPERS[rng.integers(len(PAPERS))]) * rng.uniform(0.8, 1.05)
    bill = sheet(height, width, np.clip(paper, 0, 1))
    inks: tuple[Colour, ...] = ((0.08, 0.08, 0.1), (0.7, 0.08, 0.08), (0.1, 0.15, 0.5))
    paint = inks[rng.integers(3)] if paper.mean() > 0.5 else (0.97, 0.9, 0.5)
    title = TITLES[rng.integers(len(TITLES))]
    y = 3
    mask = lettering(title, max(min(int(width * 0.85 / len(title)), height // 3), 7), 0.03)
    ink(bill, mask, paint, (width - mask.shape[1]) // 2, y)
    y += mask.shape[0] + 4
    while y < height - 14:  # lines too small to be read
        for x in range(4, width - 6, 4):
            if rng.random() < 0.8:
                bill[y : y + 2, x : x + int(rng.integers(2, 4)), :3] = np.asarray(paint) * 0.7 + 0.15
        y += int(rng.integers(4, 6))
    digits = lettering(phone_number(rng), max(int(width * 0.155), 8))
    ink(bill, digits, paint, max((width - digits.shape[1]) // 2, 1), height - digits.shape[0] - 3)
    crease = fractal(rng, height, width, width / 2, 4, 0.7)
    lit(bill, slope_light(crease, rng.uniform(0.03, 0.12)))
    if rng.random() < 0.4:
        bill[..., 3] *= _torn(rng, height, width)
    if rng.random() < 0.3:  # bleached and washed off
        bill[..., 3] *= np.clip(1.1 - 0.9 * np.clip(fractal(rng, height, width, width / 1.5, 4) + 0.15, 0, 1), 0, 1)
    return _turned(bill, rng.normal(0, 6))


def _torn(rng: np.random.Generator, height: int, width: int) -> Field:
    """Opacity of a sheet of which corners or strips were ripped off."""
    ys, xs = np.mgrid[:height, :width].astype(np.float32)
    ragged = fractal(rng, height, width, width / 4, 4, 0.6) * width * 0.2
    keep = np.ones((height, width), np.float32)
    for _ in range(rng.integers(1, 4)):
        angle = rng.uniform(0, 2 * np.pi)
        reach = (np.cos(angle) * (xs - width / 2) + np.sin(angle) * (ys - height / 2)) + ragged
        keep *= np.clip(rng.uniform(0.25, 0.5) * max(width, height) - reach, 0, 1)
    return keep


def _turned(layer: Layer, degrees: float) -> Layer:
    h, w = layer.shape[:2]
    corners = cv2.boxPoints(((w / 2, h / 2), (w, h), degrees))
    # boxPoints begins at the bottom left and goes clockwise.
    corners = np.roll(corners, -1, 0)
    low = corners.min(0)
    size = np.ceil(corners.max(0) - low).astype(int) + 1
    return warped(layer, corners - low, int(size[1]), int(size[0]))


def _cluster(rng: np.random.Generator, count: int, width: int, height: int) -> Layer:
    """Bills of one or two kinds, often many of one, stuck beside and over each other."""
    layer = blank(height + 60, width + 60)
    kinds = [_bill(rng) for _ in range(min(count, 4))]
    for i in range(count):
        bill = kinds[i] if i < len(kinds) else _turned(kinds[rng.integers(len(kinds))], rng.normal(0, 4))
        x = int(np.clip(rng.normal(0.5, 0.22), 0, 1) * max(width + 50 - bill.shape[1], 1))
        y = int(np.clip(rng.normal(0.5, 0.22), 0, 1) * max(height + 50 - bill.shape[0], 1))
        shade = bill.copy()
        shade[..., :3] = 0.05
        shade[..., 3] *= 0.35
        over(layer, shade, x + 1, y + 1)
        over(layer, bill, x, y)
    return layer


def _round_a_pole(rng: np.random.Generator, layer: Layer) -> Layer:
    """Bent round: squeezed and darkened to both sides."""
    height, width = layer.shape[:2]
    x = np.linspace(-1, 1, width, dtype=np.float32)
    bent = (np.arcsin(np.clip(x * 0.98, -1, 1)) / (np.pi / 2) + 1) / 2 * (width - 1)
    ys = np.broadcast_to(np.arange(height, dtype=np.float32)[:, None], (height, width))
    xs = np.broadcast_to(bent, (height, width)).astype(np.float32)
    picture = np.asarray(cv2.remap(layer, xs, ys.copy(), cv2.INTER_LINEAR), np.float32)
    side = rng.uniform(-0.5, 0.5)
    light = np.clip(1.1 - 0.5 * (x - side) ** 2, 0.4, 1.1)
    lit(picture, np.broadcast_to(light, (height, width)).astype(np.float32))
    return picture


def _sprayed(rng: np.random.Generator) -> Layer:
    """A word and a number through a stencil or by hand: soft edges, uneven paint, drips, no ground of its own."""
    word = SPRAYED[rng.integers(len(SPRAYED))]
    size = int(rng.integers(34, 60))
    parts = [lettering(word, size, 0.02), lettering(phone_number(rng), int(size * rng.uniform(0.6, 1)), 0.02)]
    if rng.random() < 0.4:
        parts = parts[::-1] if rng.random() < 0.5 else parts[1:]
    width = max(part.shape[1] for part in parts) + 60
    height = sum(part.shape[0] + 12 for part in parts) + 60
    mask = np.zeros((height, width), np.float32)
    y = 20
    for part in parts:
        x = 20 + int(rng.integers(0, 15))
        mask[y : y + part.shape[0], x : x + part.shape[1]] = part
        y += part.shape[0] + 12
    for _ in range(rng.integers(0, 6)):
        ys, xs = np.nonzero(mask > 0.5)
        at = rng.integers(len(ys))
        cv2.line(mask, (int(xs[at]), int(ys[at])), (int(xs[at]), int(ys[at] + rng.integers(6, 28))), 0.8, 1)
    wave = fractal(rng, height, width, size * 2, 2) * size * rng.uniform(0, 0.25)
    ys, xs = np.mgrid[:height, :width].astype(np.float32)
    mask = cv2.remap(mask, xs + wave, ys + np.roll(wave, 9, 0), cv2.INTER_LINEAR)
    mask = np.maximum(cv2.GaussianBlur(mask, (0, 0), rng.uniform(0.6, 1.3)), 0.35 * cv2.GaussianBlur(mask, (0, 0), 3))
    mask *= np.clip(0.9 + 0.6 * fractal(rng, height, width, 14, 4, 0.8), 0, 1)
    colours: tuple[Colour, ...] = (
        (0.06, 0.06, 0.08),
        (0.06, 0.06, 0.08),
        (0.65, 0.08, 0.08),
        (0.1, 0.2, 0.55),
        (0.85, 0.85, 0.83),
    )
    layer = sheet(height, width, colours[rng.integers(len(colours))])
    layer[..., 3] = np.clip(mask, 0, 0.95)
    return layer
