"""Opening recordings and cameras with FFmpeg, with errors that tell a person what is wrong with which file."""

from datetime import UTC, datetime
from pathlib import Path

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from streams.source import Segment

LIVE_OPTIONS = {"rtsp_transport": "tcp", "timeout": "10000000"}
"""Reliable transport, and give up after 10 s without packets (microseconds; noticed after about twice that)."""
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)


class Unreadable(Exception):
    """The file or URL cannot be read as video; the message says why, without credentials."""


def open_video(segment: Segment) -> tuple[InputContainer, VideoStream]:
    """The opened container and its first real video stream. Raises ``Unreadable``."""
    try:
        # "file:" in front, because FFmpeg would take a name such as 12:30:00.mp4 for a protocol.
        url = segment.url if segment.live else f"file:{segment.url.removeprefix('file:')}"
        container = av.open(url, options=dict(LIVE_OPTIONS) if segment.live else {})
    except (OSError, ValueError, av.error.FFmpegError) as error:
        raise Unreadable(_why(segment, error)) from None
    stream = first_video(container)
    if stream is not None:
        return container, stream
    kinds = " and ".join(sorted({s.type for s in container.streams})) or "nothing"
    container.close()
    raise Unreadable(f"no video in it, only {kinds}")


def first_video(container: InputContainer) -> VideoStream | None:
    """The first stream that is a video, not a cover picture."""
    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic and stream.codec_context is not None:
            return stream
    return None


def only(container: InputContainer, stream: VideoStream) -> None:
    """Have nothing but one stream fetched: of HLS in several qualities FFmpeg would fetch them all."""
    discard = getattr(av.stream, "Discard", None)
    for other in container.streams:
        if discard is not None and other.index != stream.index:
            other.discard = discard.all


def container_start(container: InputContainer) -> datetime | None:
    """UTC at which the recording began as its container states it, None where it does not or cannot be right."""
    text = container.metadata.get("creation_time") or container.metadata.get("date")
    if not text:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    time = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    return time if time >= _EARLIEST and len(text) > len("2026-01-01") else None


def _why(segment: Segment, error: Exception) -> str:
    if segment.live:
        return f"cannot be reached ({type(error).__name__.removesuffix('Error')})"
    path = Path(segment.url)
    if isinstance(error, FileNotFoundError) or not path.exists():
        return "no such file"
    if isinstance(error, PermissionError):
        return "no permission to read it"
    if path.is_dir():
        return "is a directory"
    size = path.stat().st_size
    if size == 0:
        return "is empty (0 bytes)"
    if _lacks_index(path):
        return "is cut short: an mp4 whose index (moov) is missing; it was not finished or not copied to its end"
    return f"is not a recording that FFmpeg can read ({size} bytes)"


def _lacks_index(path: Path) -> bool:
    """Whether this is an mp4 without its ``moov`` box (ISO/IEC 14496-12: size and type before each box)."""
    size = path.stat().st_size
    seen: set[bytes] = set()
    with path.open("rb") as file:
        at = 0
        while at + 8 <= size and len(seen) < 64:
            file.seek(at)
            head = file.read(16)
            length, kind = int.from_bytes(head[:4], "big"), head[4:8]
            if length == 1:
                length = int.from_bytes(head[8:16], "big")
            seen.add(kind)
            if length < 8:
                break
            at += length
    return b"ftyp" in seen and b"moov" not in seen
