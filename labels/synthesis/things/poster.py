"""Printed advertisements: ground, headline, picture, small print, number."""

import cv2
import numpy as np

from labels.synthesis.things.noise import fractal
from labels.synthesis.things.painting import Colour, Layer, ink, sheet
from labels.synthesis.things.text import lettering, phone_number

HEADLINES = """
火锅 烧烤 美发 美甲 开业大吉 全场五折 清仓特价 手机维修 招工 麻辣烫 兰州拉面 烟酒 名烟名酒 足浴 理发
打印复印 快递代收 水果 奶茶 早餐 沙县小吃 房屋中介 旺铺招租 特价 五金 瑜伽 健身 驾校报名 电动车
汽车美容 补胎 洗车 牙科 药店 超市 宾馆 住宿 网吧 眼镜 童装 盛大开业
""".split()
SMALL = """
新店开业 欢迎光临 营业时间 会员优惠 免费咨询 质量保证 送货上门 正宗老味道 满百减二十 买一送一 扫码领券
二楼请进
""".split()
GROUNDS: tuple[Colour, ...] = (
    (0.8, 0.08, 0.08), (0.8, 0.08, 0.08), (0.95, 0.8, 0.1), (0.08, 0.25, 0.6), (0.95, 0.95, 0.93), (0.95, 0.95, 0.93),
    (0.1, 0.1, 0.1), (0.1, 0.5, 0.3), (0.95, 0.5, 0.1), (0.6, 0.2, 0.5), (0.85, 0.3, 0.5), (0.2, 0.6, 0.75),
)  # fmt: skip


def poster(rng: np.random.Generator, height: int, width: int, upright: bool = False) -> Layer:
    """``(height, width, 4)``; ``upright`` writes the headline downwards where the sheet is narrow."""
    ground = np.asarray(GROUNDS[rng.integers(len(GROUNDS))], np.float32)
    page = sheet(height, width, ground)
    if rng.random() < 0.4:
        other = np.clip(ground + rng.normal(0, 0.2, 3), 0, 1).astype(np.float32)
        ramp = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
        page[..., :3] = (1 - ramp) * page[..., :3] + ramp * other
    bright = float(ground @ [0.3, 0.59, 0.11]) > 0.5
    dark_inks: tuple[Colour, ...] = ((0.75, 0.05, 0.05), (0.08, 0.08, 0.1), (0.08, 0.2, 0.55))
    light_inks: tuple[Colour, ...] = ((0.97, 0.97, 0.95), (0.98, 0.9, 0.25))
    inks = dark_inks if bright else light_inks
    paint = inks[rng.integers(len(inks))]
    word = HEADLINES[rng.integers(len(HEADLINES))]
    down = upright and rng.random() < 0.6
    share = 0.8 * (height * 0.6 if down else width) / len(word)
    size = int(max(min(share, 0.75 * width if down else 0.45 * height), 6))
    head = lettering(word, size, float(rng.choice([0, 0.03])), down)
    y = int(height * rng.uniform(0.03, 0.1))
    ink(page, head, paint, (width - head.shape[1]) // 2, y)
    y += head.shape[0] + max(height // 20, 2)
    if height - y > 0.35 * height and rng.random() < 0.8:
        tall = int((height - y) * rng.uniform(0.4, 0.8))
        _picture(rng, page[y : y + tall, int(width * 0.08) : int(width * 0.92), :3])
        y += tall + 3
    line = max(int(min(height, width * 1.5) * 0.09), 6)
    while y < height - line - 2:
        text = phone_number(rng) if rng.random() < 0.3 else SMALL[rng.integers(len(SMALL))]
        mask = lettering(text, line)
        if mask.shape[1] > 0.94 * width:
            mask = np.asarray(cv2.resize(mask, (int(0.94 * width), mask.shape[0])), np.float32)
        ink(page, mask, inks[rng.integers(len(inks))], (width - mask.shape[1]) // 2, y)
        y += int(line * rng.uniform(1.2, 1.6))
    return page


def _picture(rng: np.random.Generator, place: Layer) -> None:
    """Something like a photograph of food, a face or a room: soft blobs of colour with some detail."""
    height, width = place.shape[:2]
    if height < 6 or width < 6:
        return
    place[:] = rng.uniform(0.1, 0.9, 3)
    for _ in range(int(rng.integers(4, 14))):
        middle = (int(rng.normal(0.5, 0.25) * width), int(rng.normal(0.5, 0.25) * height))
        axes = (int(rng.uniform(0.05, 0.3) * width) + 1, int(rng.uniform(0.05, 0.3) * height) + 1)
        colour = tuple(float(v) for v in rng.uniform(0.05, 0.95, 3))
        blob = np.ascontiguousarray(place)
        cv2.ellipse(blob, middle, axes, float(rng.uniform(0, 180)), 0, 360, colour, -1)
        place[:] = blob
    place[:] = cv2.GaussianBlur(place, (0, 0), rng.uniform(0.8, 2.5))
    place *= 1 + 0.3 * fractal(rng, height, width, 20, 4, 0.7)[..., None]
