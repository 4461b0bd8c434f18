"""How fast recordings are scored, against the limit of the same machine in the same run.

Decoding alone, detection alone and the whole pipeline are measured in turn, several times over, and the medians are
compared: machines are noisy, ratios hold better than figures. Where decoding and detection share the cores, a picture
needs both, so the limit is ``1 / (1/decode + 1/detect)``; on different hardware it is the slower of the two.
"""

import json
import os
import platform
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
import onnxruntime

from models.detector import Detector
from service.planning import Request, make_plans
from service.scoring import Scoring
from streams.batcher import BATCH_SIZES
from streams.crops import Cropper, InputShape
from streams.frame import Picture
from streams.reader import RecordingReader
from streams.recorder import Recorder
from streams.sampler import make_sampler
from streams.source import Recording, Segment
from vision.keys import load_or_make


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

    times_real_time: seconds of video scored in a second, all cameras together. share: of the limit. cores_used: CPU
    seconds a second of the pipeline. peak_mb: largest resident size of this process so far.
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
    peak_mb: float


def limit(decode: float, detect: float, shared: bool) -> float:
    """Pictures a second that the parts allow; ``shared``: both run on the same cores."""
    return 1 / (1 / decode + 1 / detect) if shared else min(decode, detect)


def measure(load: Load, detector: Detector, rounds: int, shared: bool) -> Rates:
    """Run the three in turn, ``rounds`` times."""
    crops: list[Picture] = []
    decode, detect, scored = [], [], []
    for _ in range(rounds):
        decode.append(decode_rate(load, detector, crops))
        detect.append(detect_rate(detector, crops))
        scored.append(score_rate(load, detector))
    pictures, video, cores = (statistics.median(column) for column in zip(*scored, strict=True))
    decoded, detected = statistics.median(decode), statistics.median(detect)
    most = limit(decoded, detected, shared)
    rates = [rate for rate, _, _ in scored]
    return Rates(
        every=load.every,
        decode=decoded,
        decode_range=(min(decode), max(decode)),
        detect=detected,
        detect_range=(min(detect), max(detect)),
        limit=most,
        pipeline=pictures,
        pipeline_range=(min(rates), max(rates)),
        share=pictures / most,
        times_real_time=video,
        cores_used=cores,
        peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    )


def decode_rate(load: Load, detector: Detector, crops: list[Picture]) -> float:
    """Demuxing, decoding and scaling alone, a thread for each camera. Leaves some crops for ``detect_rate``."""
    card = detector.card
    counts = [0] * load.cameras

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

    threads = [threading.Thread(target=read, args=(number,)) for number in range(load.cameras)]
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


def score_rate(load: Load, detector: Detector) -> tuple[float, float, float]:
    """The real thing with journal, evidence and seal: pictures a second, times real time, cores used."""
    with tempfile.TemporaryDirectory() as folder:
        plans = []
        for number in range(load.cameras):
            camera = Path(folder) / f"cam{number}"
            camera.mkdir()
            for part in range(load.repeats):
                (camera / f"part{part:04d}{load.clip.suffix}").symlink_to(load.clip.resolve())
            request = Request((str(camera),), Path(folder) / "results", camera_id=camera.name, every=load.every)
            plans += make_plans(request, detector.card)
        key, _ = load_or_make(Path(folder) / "signing.key")
        scoring = Scoring(plans, detector, Path(folder) / "results", key, jobs=load.cameras)
        began, cpu = time.perf_counter(), time.process_time()
        outcomes = scoring.run()
        wall = time.perf_counter() - began
        used = (time.process_time() - cpu) / wall
        pictures = sum(outcome.job.reader.statistics.frames for outcome in outcomes)
        return pictures / wall, scoring.scored_s() / wall, used


def machine() -> dict[str, Any]:
    """What the figures were taken on."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line.partition(":")[2].strip() for line in info.read_text().splitlines() if "model name" in line]
        model = names[0] if names else model
    return {
        "cores": os.cpu_count(),
        "processor": model,
        "system": platform.system(),
        "python": platform.python_version(),
        "onnxruntime": onnxruntime.__version__,
        "load_before": [round(value, 2) for value in os.getloadavg()],
    }


def save(path: Path, result: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def as_json(rates: Rates) -> dict[str, Any]:
    """Rounded to what the measurement can tell."""

    def rounded(value: Any) -> Any:
        if isinstance(value, tuple):
            return [rounded(part) for part in value]
        return round(value, 3) if isinstance(value, float) else value

    return {name: rounded(value) for name, value in asdict(rates).items()}
