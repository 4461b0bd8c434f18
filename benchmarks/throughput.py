"""How fast recordings are scored, against the limit of the same machine in the same run.

Decoding alone, detection alone and the whole pipeline are measured in turn, several times over, and the medians are
compared: machines are noisy, ratios hold better than figures. Where decoding and detection share the cores, a picture
needs both, so the limit is ``1 / (1/decode + 1/detect)``; on different hardware it is the slower of the two.
"""

import os
import resource
import statistics
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from labels.catalogue import load_catalogue
from models.detector import Detector
from service.planning import Request, make_plans
from service.scoring import Scoring, Watching
from streams.batcher import BATCH_SIZES
from streams.crops import Cropper, InputShape
from streams.frame import Picture
from streams.reader import RecordingReader
from streams.recorder import Recorder
from streams.sampler import make_sampler
from streams.source import Recording, Segment
from vision.keys import load_or_make
from vision.records import Event

DWELL_S = 10.0
"""What stands this long is a violation here: even a short run pays for evidence, and for far more than on a street."""


class NothingToMeasure(Exception):
    """No picture comes out of the recording; the message names it."""


@dataclass(frozen=True, slots=True)
class Load:
    """What is measured: ``cameras`` recordings of ``repeats`` times the clip, looked at by the policy ``every``."""

    clip: Path
    every: str
    cameras: int
    repeats: int


@dataclass(frozen=True, slots=True)
class Rates:
    """Medians over the rounds, pictures a second of the whole machine; ``_range`` is the smallest and the largest.

    times_real_time: seconds of video scored in a second, all cameras together. share: of the same round's limit, which
    holds better than the rates where a neighbour comes and goes. cores_used: CPU seconds a second of the pipeline.
    violations: how many a round confirmed and wrote evidence of. peak_mb: largest resident size of this process so far.
    """

    every: str
    decode: float
    decode_range: tuple[float, float]
    detect: float
    detect_range: tuple[float, float]
    limit: float
    pipeline: float
    pipeline_range: tuple[float, float]
    share: float
    times_real_time: float
    cores_used: float
    violations: int
    peak_mb: float


def limit(decode: float, detect: float, shared: bool) -> float:
    """Pictures a second that the parts allow; ``shared``: both run on the same cores."""
    return 1 / (1 / decode + 1 / detect) if shared else min(decode, detect)


def measure(load: Load, detector: Detector, rounds: int, shared: bool) -> Rates:
    """Run the three in turn, ``rounds`` times. Raises ``NothingToMeasure``."""
    crops: list[Picture] = []
    decode, detect, scored = [], [], []
    for _ in range(rounds):
        decode.append(decode_rate(load, detector, crops))
        if not crops:
            raise NothingToMeasure(f"{load.clip}: no picture is decoded from it with --every {load.every}")
        detect.append(detect_rate(detector, crops))
        scored.append(score_rate(load, detector))
    pictures, video, cores, violations = (statistics.median(column) for column in zip(*scored, strict=True))
    decoded, detected = statistics.median(decode), statistics.median(detect)
    rates = [rate for rate, *_ in scored]
    limits = [limit(d, n, shared) for d, n in zip(decode, detect, strict=True)]
    return Rates(
        every=load.every,
        decode=decoded,
        decode_range=(min(decode), max(decode)),
        detect=detected,
        detect_range=(min(detect), max(detect)),
        limit=statistics.median(limits),
        pipeline=pictures,
        pipeline_range=(min(rates), max(rates)),
        share=statistics.median(rate / most for rate, most in zip(rates, limits, strict=True)),
        times_real_time=video,
        cores_used=cores,
        violations=round(violations),
        peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    )


def decode_rate(load: Load, detector: Detector, crops: list[Picture]) -> float:
    """Demuxing, decoding and scaling alone, on all cores. Leaves some crops for ``detect_rate``."""
    card = detector.card
    readers = max(load.cameras, os.cpu_count() or 1)
    counts = [0] * readers

    def read(number: int) -> None:
        recorder = Recorder()
        reader = RecordingReader(
            Recording(f"cam{number}", "home", (Segment(str(load.clip)),) * load.repeats),
            make_sampler(load.every),
            Cropper(InputShape(card.sizes, card.resize == "stretch")),
            recorder,
        )
        for frame in reader.frames():
            recorder.release(frame.elapsed_s - 10)
            counts[number] += 1
            if len(crops) < 16:
                crops.append(frame.crops[0])

    threads = [threading.Thread(target=read, args=(number,)) for number in range(readers)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - began)


def detect_rate(detector: Detector, crops: Sequence[Picture], seconds: float = 4.0) -> float:
    """Detection alone on real crops, with the best of the batch sizes."""
    best = 0.0
    sizes = [size for size in BATCH_SIZES if size <= min(4, len(crops))]
    for size in sizes:
        batch = np.stack(crops[:size])
        detector.detect(batch)
        began, count = time.perf_counter(), 0
        while (passed := time.perf_counter() - began) < seconds / len(sizes):
            detector.detect(batch)
            count += size
        best = max(best, count / passed)
    return best


def score_rate(load: Load, detector: Detector) -> tuple[float, float, float, int]:
    """The real thing with journal, evidence and seal: pictures a second, times real time, cores used, violations."""
    dwell = dict.fromkeys(load_catalogue().types, DWELL_S)
    with tempfile.TemporaryDirectory() as folder:
        plans = []
        for number in range(load.cameras):
            camera, results = Path(folder) / f"cam{number}", Path(folder) / "results"
            camera.mkdir()
            parts = [camera / f"part{part:04d}{load.clip.suffix}" for part in range(load.repeats)]
            for part in parts:
                part.symlink_to(load.clip.resolve())
            sources = tuple(str(part) for part in parts)
            request = Request(sources, results, camera_id=camera.name, every=load.every, dwell=dwell)
            plans += make_plans(request, detector.card)
        key, _ = load_or_make(Path(folder) / "signing.key")
        opened: list[Event] = []
        watching = Watching(event=lambda event: opened.append(event) if event.kind == "opened" else None)
        scoring = Scoring(plans, detector, results, key, load.cameras, watching)
        began, cpu = time.perf_counter(), time.process_time()
        outcomes = scoring.run()
        wall = time.perf_counter() - began
        used = (time.process_time() - cpu) / wall
        pictures = sum(outcome.job.reader.statistics.frames for outcome in outcomes)
        return pictures / wall, scoring.scored_s() / wall, used, len(opened)


def as_json(rates: Rates) -> dict[str, Any]:
    """Rounded to what the measurement can tell."""

    def rounded(value: Any) -> Any:
        if isinstance(value, tuple):
            return [rounded(part) for part in value]
        return round(value, 3) if isinstance(value, float) else value

    return {name: rounded(value) for name, value in asdict(rates).items()}
