"""What a worker measures of itself while it runs: how late pictures are, how long each stage takes, batch sizes."""

from collections import Counter

from prometheus_client import CollectorRegistry, Histogram

LATENESS_S = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)
STAGE_S = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)


STAGES = ("decode", "detect", "judge", "evidence", "save", "trim")


class Measures:
    """Histograms that Prometheus reads, in a registry of the worker's own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.lateness = Histogram(
            "streetorder_lateness_seconds",
            "From the arrival of a picture to the end of its detection.",
            registry=self.registry,
            buckets=LATENESS_S,
        )
        self.stage = Histogram(
            "streetorder_stage_seconds",
            "Time of a picture (decode), a batch (detect, judge), evidence, saving a camera, freeing memory.",
            ["stage"],
            registry=self.registry,
            buckets=STAGE_S,
        )
        self.batch = Histogram(
            "streetorder_batch_frames", "Frames of a batch.", registry=self.registry, buckets=(1, 2, 4, 8)
        )
        self.opened: Counter[tuple[str, str]] = Counter()
        self.cleared: Counter[tuple[str, str]] = Counter()

    def took(self, stage: str, seconds: float) -> None:
        """Note how long something took in one of ``STAGES``."""
        self.stage.labels(stage).observe(seconds)
