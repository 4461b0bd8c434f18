"""Still pictures as JPEG: for evidence, and to keep them over a restart."""

from dataclasses import dataclass

import cv2
import numpy as np

from streams.frame import Picture, Still, StillLost

JPEG_QUALITY = 92


@dataclass(frozen=True, slots=True)
class JpegStill:
    """A picture that was already encoded. Its bytes are what evidence gets, so a restart changes nothing in it."""

    data: bytes

    def decode(self) -> Picture:
        bgr = cv2.imdecode(np.frombuffer(self.data, np.uint8), cv2.IMREAD_COLOR)
        if bgr is None:
            raise StillLost("the kept JPEG is damaged")
        return np.ascontiguousarray(bgr[:, :, ::-1]).astype(np.uint8, copy=False)


def jpeg(still: Still) -> bytes:
    """The picture as JPEG. Raises ``StillLost``."""
    if isinstance(still, JpegStill):
        return still.data
    bgr = np.ascontiguousarray(still.decode()[:, :, ::-1])
    done, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not done:
        raise StillLost("the picture cannot be written as JPEG")
    return bytes(data)
