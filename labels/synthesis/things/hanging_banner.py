"""Cloth banners with a slogan, hung between trees or poles, along a fence or down a facade."""

import cv2
import numpy as np

from labels.synthesis.cutout import Cutout
from labels.synthesis.things.noise import Field, fractal, slope_light, streaks
from labels.synthesis.things.painting import (
    Colour,
    Layer,
    blank,
    displaced,
    finished,
    ink,
    lit,
    over,
    seen_askew,
    sheet,
)
from labels.synthesis.things.text import lettering, phone_number

SLOGANS = """
安全生产人人有责 文明城市大家共建 热烈祝贺新店隆重开业 全场商品五折起 共建美好家园 严禁乱倒垃圾
垃圾分类从我做起 欢度国庆 消防安全重于泰山 高薪招聘普工学员 旺铺招租 楼盘盛大开盘火爆热销中
关爱生命遵守交通法规 热烈欢迎各级领导莅临指导 创建文明城区 预防火灾人人有责 清仓大甩卖最后三天 宽带办理特惠
春季家装节 暑期班火热招生中 精装公寓即买即住 诚信经营服务社会 开学季电动车大优惠 爱护环境保护森林
防范电信诈骗守护美好生活 体检中心免费义诊 驾校报名从速
""".split()
RED, BLUE, YELLOW, WHITE = (0.78, 0.07, 0.08), (0.08, 0.22, 0.6), (0.97, 0.86, 0.2), (0.95, 0.95, 0.93)
GREEN, ORANGE, BLACK = (0.08, 0.45, 0.25), (0.92, 0.4, 0.08), (0.08, 0.08, 0.1)
CLOTHS: tuple[tuple[Colour, tuple[Colour, ...]], ...] = (
    (RED, (YELLOW, WHITE)), (RED, (YELLOW, WHITE)), (RED, (WHITE, YELLOW)), (RED, (WHITE,)),
    (BLUE, (WHITE, YELLOW)), (YELLOW, (RED, BLACK)), (WHITE, (RED, BLUE, BLACK)), (GREEN, (WHITE, YELLOW)),
    (ORANGE, (WHITE,)), ((0.85, 0.25, 0.45), (WHITE, YELLOW)),
)  # fmt: skip


def hanging_banner(rng: np.random.Generator) -> Cutout:
    """A banner of 0.5 to 1 m by 2.5 to 10 m; every seventh hangs upright."""
    upright = rng.random() < 0.15
    cloth = _cloth(rng, upright)
    across = min(cloth.shape[:2])
    metres = rng.uniform(0.5, 1.0)
    hung = _streamer(rng, cloth) if upright else _hung(rng, cloth)
    return finished(
        seen_askew(hung, rng, 0.12),
        rng,
        "hanging_banner",
        "hanging banner",
        across / metres,
        "wall" if upright else "between",
    )


def _cloth(rng: np.random.Generator, upright: bool) -> Layer:
    ground, inks = CLOTHS[rng.integers(len(CLOTHS))]
    ground = np.clip(np.asarray(ground) * rng.uniform(0.8, 1.1) + rng.uniform(0, 0.06), 0, 1)
    across = int(rng.integers(48, 68))
    text = SLOGANS[rng.integers(len(SLOGANS))]
    if rng.random() < 0.2:
        text += phone_number(rng)
    ratio = rng.uniform(3.5, 12)
    size = int(across * rng.uniform(0.5, 0.75))
    pitch = max(0.93 * across * ratio / len(text), 0.5 * size)
    size = min(size, int(pitch))
    letters = _row(text, size, float(rng.choice([0, 0.015, 0.03])), int(min(pitch, 2.4 * size)), upright)
    along = int(max(across * ratio, letters.shape[0 if upright else 1] * 1.06))
    cloth = sheet(along, across, ground) if upright else sheet(across, along, ground)
    height, width = cloth.shape[:2]
    ink(
        cloth, letters, inks[rng.integers(len(inks))], (width - letters.shape[1]) // 2, (height - letters.shape[0]) // 2
    )
    if rng.random() < 0.2:
        cv2.rectangle(cloth, (3, 3), (width - 4, height - 4), (*inks[0], 1.0), 2)
    return cloth


def _row(text: str, size: int, bold: float, pitch: int, upright: bool) -> Field:
    """The characters at even distances of ``pitch`` pixels."""
    row = np.zeros((len(text) * pitch, size + 8) if upright else (size + 8, len(text) * pitch), np.float32)
    for at, character in enumerate(text):
        glyph = lettering(character, size, bold)
        x, y = (0, at * pitch) if upright else (at * pitch, 0)
        cell = (size + 8, pitch) if upright else (pitch, size + 8)
        x, y = max(x + (cell[0] - glyph.shape[1]) // 2, 0), max(y + (cell[1] - glyph.shape[0]) // 2, 0)
        part = row[y : y + glyph.shape[0], x : x + glyph.shape[1]]
        np.maximum(part, glyph[: part.shape[0], : part.shape[1]], out=part)
    return row


def _hung(rng: np.random.Generator, cloth: Layer) -> Layer:
    """Sagging between its corners, folded by the pull of the ropes and the wind."""
    h, w = cloth.shape[:2]
    margin_x, margin_y = int(w * rng.uniform(0.02, 0.07)) + 4, int(h * 0.45)
    height, width = h + 2 * margin_y, w + 2 * margin_x
    x = (np.arange(width, dtype=np.float32) - margin_x) / w
    inside = np.clip(x, 0, 1)
    sag = rng.uniform(0, 0.3) * h
    curve = sag * 4 * inside * (1 - inside) - sag / 2
    gather = rng.integers(2, 9)  # tied at more than its corners, the upper edge hangs in several arcs
    curve += rng.uniform(0, 0.05) * h * np.abs(np.sin(np.pi * inside * gather))
    curve += rng.uniform(0, 0.05) * h * fractal(rng, 1, width, w / 3, 2)[0]
    shrink = (
        rng.uniform(0, 0.16) * 4 * inside * (1 - inside) if rng.random() < 0.5 else 0 * inside
    )  # rolls up at the belly
    ys = np.arange(height, dtype=np.float32)[:, None] - margin_y
    y = (ys - curve) / (1 - shrink)
    half = (height // 2, width // 2)
    folds = fractal(rng, *half, h * rng.uniform(0.3, 1.0), 4, 0.6)
    pulled = streaks(rng, *half, h * 0.1, h * 0.75)
    mixed = rng.uniform(0.3, 1) * folds + rng.uniform(0, 0.35) * pulled
    waves: Field = np.asarray(cv2.resize(mixed, (width, height)), np.float32)
    bend = rng.uniform(0.01, 0.06) * h
    grid_x = np.broadcast_to(np.arange(width, dtype=np.float32) - margin_x, (height, width))
    cols, rows = np.meshgrid(np.arange(width), np.arange(height))
    picture = displaced(
        cloth,
        (grid_x + bend * waves - cols).astype(np.float32),
        (y + bend * np.roll(waves, 7, 1) - rows).astype(np.float32),
    )
    if rng.random() < 0.5:
        lit(
            picture, 1 - rng.uniform(0.1, 0.35) * (fractal(rng, height, width, h * 3, 2) > 0.25)
        )  # a tree's shadow on it
    lit(picture, slope_light(waves, rng.uniform(0.05, 0.2), rng.uniform(0, 3.1)))
    ropes = blank(height, width)
    tone = float(rng.uniform(0.1, 0.8))
    left, right = float(curve[margin_x]) + margin_y, float(curve[-margin_x]) + margin_y
    paint = (tone, tone, tone, 1.0)
    far = width - 1
    for edge in (2, h - 3):
        up, down = (int(v) for v in rng.uniform(-0.25, 0.25, 2) * h)
        cv2.line(ropes, (0, int(left) + edge + up), (margin_x + 2, int(left) + edge), paint, 1, cv2.LINE_AA)
        cv2.line(ropes, (far, int(right) + edge + down), (far - margin_x, int(right) + edge), paint, 1, cv2.LINE_AA)
    over(ropes, picture)
    return ropes


def _streamer(rng: np.random.Generator, cloth: Layer) -> Layer:
    """Hanging down from its upper edge, moving a little in the wind."""
    height, w = cloth.shape[:2]
    margin = w // 3
    width = w + 2 * margin
    y = np.arange(height, dtype=np.float32)[:, None] / height
    swing = rng.uniform(-0.4, 0.4) * margin * y**2 + rng.uniform(0, 0.2) * margin * y * np.sin(y * rng.uniform(3, 9))
    folds = 0.6 * fractal(rng, height, width, w * 1.2, 4, 0.6) + 0.5 * streaks(rng, height, width, w * 0.4, w * 3)
    dx = (-margin - swing + 0.03 * w * folds).astype(np.float32)
    picture = displaced(cloth, np.broadcast_to(dx, (height, width)), (0.03 * w * folds).astype(np.float32))
    lit(picture, slope_light(folds, rng.uniform(0.05, 0.2), rng.uniform(0, 3.1)))
    return picture
