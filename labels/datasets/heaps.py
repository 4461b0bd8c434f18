"""Single pieces joined to the heap that they form: one heap is one violation, however many bags it has."""

from dataclasses import replace

from labels.datasets.records import Box, Picture


def join_touching(picture: Picture, key: str, gap: float = 0.02) -> Picture:
    """The picture with the boxes of ``key`` that touch, or nearly do, as one box.

    gap: how far apart they may be, relative to the picture's longer side.
    """
    reach = [gap * max(picture.size) / side for side in picture.size]
    heaps: list[list[float]] = [list(box.xyxy) for box in picture.boxes if box.cls == key]
    joined = True
    while joined:
        joined = False
        for i, a in enumerate(heaps):
            near = [b for b in heaps[i + 1 :] if _near(a, b, reach)]
            if near:
                for b in near:
                    heaps[i] = a = [min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])]
                heaps = [h for j, h in enumerate(heaps) if j <= i or h not in near]
                joined = True
                break
    others = tuple(box for box in picture.boxes if box.cls != key)
    return replace(picture, boxes=(*others, *(Box(key, (h[0], h[1], h[2], h[3])) for h in heaps)))


def _near(a: list[float], b: list[float], reach: list[float]) -> bool:
    return all(a[i] - reach[i] <= b[i + 2] and b[i] - reach[i] <= a[i + 2] for i in (0, 1))
