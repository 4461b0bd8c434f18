"""The demo's photograph taken apart: the street without its passers-by, and two of them cut out.

The picture is ``ultralytics/assets/bus.jpg`` of the package ``ultralytics-opencv-headless``: a bus at the kerb, four
people before it. It is material of its publisher under AGPL-3.0; it is fetched when the demo is made and is not part of
this project. Every coordinate below is a pixel of that one picture, so another picture is refused.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

SHA256 = "c02019c4979c191eb739ddd944445ef408dad5679acab6fd520ef9d434bfbc63"
CROP = (0, 236, 795, 636)  # x, y, width, height: the part that the simulated camera shows, the whole bus
SIZE = (900, 720)  # of the camera's picture, the same 5:4
Outline = tuple[tuple[int, int], ...]
Picture = NDArray[np.uint8]
Pixels = NDArray[np.float32]


class PhotoProblem(Exception):
    """The file is not the photograph the scene is made of; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Patch:
    """A place repaired with what stands ``shift`` (x, y) pixels before it, or mirrored about a column first."""

    outline: Outline
    shift: tuple[int, int] = (0, 0)
    mirrored_about: int | None = None


@dataclass(frozen=True, slots=True)
class CutOut:
    """A person: ``(H, W, 3)`` RGB and ``(H, W)`` coverage 0 to 255; the soles touch the lower edge.

    leftward: which way the person walks in the photograph.
    """

    rgb: Picture
    matte: Picture
    leftward: bool


# fmt: off
PALE_COAT: Outline = (
    (102, 418), (108, 405), (125, 399), (148, 401), (159, 412), (156, 428), (157, 445), (152, 462), (150, 471),
    (165, 478), (176, 492), (175, 502), (184, 511), (182, 525), (192, 540), (200, 560), (202, 578), (198, 590),
    (182, 599), (172, 605), (181, 625), (188, 650), (192, 675), (194, 688), (185, 692), (176, 694), (180, 725),
    (186, 750), (189, 780), (195, 810), (200, 832), (205, 852), (220, 862), (240, 872), (246, 880), (242, 890),
    (220, 895), (192, 900), (176, 898), (176, 868), (172, 850), (162, 825), (153, 800), (144, 765), (138, 740),
    (131, 720), (122, 702), (116, 720), (108, 740), (104, 765), (95, 800), (88, 830), (86, 852), (90, 860),
    (98, 872), (106, 885), (106, 898), (90, 901), (68, 894), (52, 882), (54, 868), (59, 852), (60, 830), (67, 800),
    (74, 775), (74, 730), (74, 700), (59, 694), (62, 660), (65, 615), (61, 565), (63, 530), (62, 510), (75, 492),
    (95, 475), (98, 460), (105, 450), (102, 435),
)
DARK_COAT: Outline = (
    (264, 415), (272, 408), (288, 406), (300, 411), (304, 422), (308, 438), (306, 450), (302, 462), (301, 472),
    (320, 482), (331, 492), (334, 510), (338, 530), (341, 545), (336, 555), (322, 566), (326, 590), (331, 630),
    (336, 660), (337, 682), (331, 692), (339, 705), (338, 722), (325, 735), (305, 755), (288, 775), (282, 780),
    (288, 788), (296, 800), (300, 815), (295, 821), (282, 816), (280, 825), (288, 840), (294, 852), (285, 858),
    (268, 856), (255, 848), (256, 828), (254, 810), (250, 780), (246, 750), (244, 705), (226, 700), (228, 680),
    (235, 650), (241, 615), (242, 590), (235, 580), (239, 560), (236, 540), (235, 525), (238, 505), (250, 488),
    (272, 470), (274, 460), (269, 455), (265, 440), (262, 428),
)
# two people whom the picture's edges cut, and a post that shows between two legs
HALF_HIDDEN: tuple[Outline, ...] = (
    ((0, 545), (20, 560), (45, 640), (70, 730), (84, 760), (84, 810), (60, 815), (48, 770), (35, 780), (36, 878),
     (0, 880)),
    ((668, 822), (690, 818), (722, 800), (748, 730), (756, 690), (745, 640), (748, 600), (720, 575), (716, 545),
     (730, 535), (765, 540), (790, 470), (786, 430), (790, 400), (810, 385), (810, 790), (745, 884), (700, 868),
     (664, 840)),
    ((118, 690), (165, 690), (168, 828), (118, 828)),
)
# glass behind two heads, cut out whole: else the gaps would keep the outline of the heads
WINDOWS: tuple[Outline, ...] = (
    ((62, 470), (92, 392), (186, 392), (192, 450), (226, 455), (226, 546), (50, 546)),
    ((256, 402), (340, 402), (346, 480), (346, 520), (256, 520)),
)
PATCHES = (
    # left half of the front wheel
    Patch(((291, 598), (343, 598), (343, 742), (291, 742)), mirrored_about=343),
    # pavement with a post; at the very left from farther away, or a second wheel would come along; the post's head
    Patch(((0, 733), (60, 728), (330, 722), (330, 770), (330, 880), (260, 920), (0, 920)), (-290, 32)),
    Patch(((0, 735), (102, 730), (102, 925), (0, 925)), (-470, 47)),
    Patch(((134, 686), (176, 686), (176, 800), (134, 800)), (-290, 32)),
    # the bus behind its rear wheel, and the pavement there
    Patch(((752, 530), (810, 525), (810, 700), (752, 700)), (245, -20)),
    Patch(((750, 672), (810, 668), (810, 890), (660, 890), (660, 815), (720, 790)), (150, -15)),
)
# fmt: on


def read_photo(path: Path) -> Picture:
    """The photograph as ``(1080, 810, 3)`` RGB. Raises ``PhotoProblem``."""
    try:
        content = path.read_bytes()
    except OSError as problem:
        raise PhotoProblem(f"{path}: {problem.strerror}; `make demo` fetches the photograph") from problem
    if (found := hashlib.sha256(content).hexdigest()) != SHA256:
        raise PhotoProblem(
            f"{path} is another picture: its SHA-256 is {found}, that of the scene's photograph {SHA256}"
        )
    decoded = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR_RGB)
    return np.asarray(decoded, np.uint8)


def empty_street(photo: Picture) -> Picture:
    """The photograph without people.

    What stood behind them is drawn from row to row between the edges of each gap (a bus is mostly horizontal lines),
    then wheel and pavement are patched with their like.
    """
    whole = cv2.dilate(_filled(photo, PALE_COAT, DARK_COAT), np.ones((9, 9), np.uint8))
    gap = np.maximum(whole, _filled(photo, *HALF_HIDDEN, *WINDOWS)).astype(np.uint8)
    street = _across(photo, gap > 0)
    for area, blur in ((gap, 3.0), (_filled(photo, *WINDOWS), 6.0)):
        street = _blend(street, np.asarray(cv2.GaussianBlur(street, (0, 0), blur), np.float32), area)
    for patch in PATCHES:
        mirror, (dx, dy) = patch.mirrored_about, patch.shift
        matrix = np.array([[1, 0, dx], [0, 1, dy]] if mirror is None else [[-1, 0, 2 * mirror], [0, 1, 0]], np.float32)
        moved = np.asarray(
            cv2.warpAffine(street, matrix, street.shape[1::-1], borderMode=cv2.BORDER_REFLECT), np.float32
        )
        street = _blend(street, moved, _filled(photo, patch.outline))
    return street.astype(np.uint8)


def cut_out(photo: Picture, outline: Outline, *, leftward: bool) -> CutOut:
    """The person inside ``outline`` with a matte whose edge fades over about two pixels."""
    matte = cv2.GaussianBlur(cv2.erode(_filled(photo, outline), np.ones((2, 2), np.uint8)), (0, 0), 0.8)
    x, y, width, height = cv2.boundingRect(np.array(outline, np.int32))
    part = np.s_[y : y + height, x : x + width]
    return CutOut(photo[part].copy(), np.asarray(matte[part], np.uint8), leftward)


def _filled(photo: Picture, *outlines: Outline) -> Picture:
    mask = np.zeros(photo.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.array(outline, np.int32) for outline in outlines], (255,))
    return mask


def _across(photo: Picture, gap: NDArray[np.bool_]) -> Pixels:
    """Each row of each gap runs evenly from the colour left of it to the colour right of it."""
    result = photo.astype(np.float32)
    for y in np.flatnonzero(gap.any(axis=1)):
        edges = np.flatnonzero(np.diff(gap[y].astype(np.int8), prepend=0, append=0))
        for start, end in edges.reshape(-1, 2):
            rows = photo[max(0, y - 1) : y + 2]
            sides = (rows[:, max(0, start - 6) : start], rows[:, end : end + 6])
            colours = [side.reshape(-1, 3).mean(axis=0) for side in sides if side.size]
            left, right = colours[0], colours[-1]  # the same where the gap reaches the picture's edge
            share = np.linspace(0, 1, end - start)[:, None]
            result[y, start:end] = left * (1 - share) + right * share
    return result


def _blend(under: Pixels, over: Pixels, area: Picture) -> Pixels:
    share = cv2.GaussianBlur(area.astype(np.float32) / 255, (0, 0), 2.0)[:, :, None]
    return np.asarray(under * (1 - share) + over * share, np.float32)
