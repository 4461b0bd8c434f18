"""A worker's figures as Prometheus reads them."""

from collections.abc import Callable, Iterator

import psutil
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from service.worker.decisions import Decisions
from service.worker.measures import Measures
from service.worker.status import CameraStatus, WorkerStatus
from streams.link import LinkState, Trouble

_OF_CAMERA: tuple[tuple[str, str, Callable[[CameraStatus], float | None]], ...] = (
    ("frame_age_seconds", "Since the newest picture that was judged.", lambda c: c.frame_age_s),
    ("stream_fps", "Pictures a second as the stream states them.", lambda c: c.fps),
    ("key_frame_interval_seconds", "Between key frames, measured.", lambda c: c.key_interval_s),
    ("clock_offset_seconds", "The camera's clock minus ours.", lambda c: c.offset_s),
    ("ring_bytes", "Compressed packets kept for evidence.", lambda c: float(c.ring_bytes)),
    ("open_violations", "Violations that are there now.", lambda c: float(c.open_violations)),
    ("candidates", "Things that stand but are no violation yet.", lambda c: float(c.candidates)),
    ("hanging_threads", "Readers that hang in the network.", lambda c: float(c.left_behind)),
)
_COUNTED: tuple[tuple[str, str, Callable[[CameraStatus], float]], ...] = (
    ("frames", "Pictures judged.", lambda c: float(c.frames)),
    ("packets", "Packets received.", lambda c: float(c.packets)),
    ("received_bytes", "Bytes of video received.", lambda c: float(c.bytes)),
    ("connects", "Connections that brought packets.", lambda c: float(c.connects)),
    ("clock_jumps", "Times that the camera's clock jumped.", lambda c: float(c.clock_jumps)),
    ("undecodable", "Pictures wanted that did not decode.", lambda c: float(c.undecodable)),
)
_BY: tuple[tuple[str, str, str, Callable[[CameraStatus], dict[str, int]]], ...] = (
    (
        "troubles",
        "trouble",
        "Connections or tries that ended, by why.",
        lambda c: {t.value: 0 for t in Trouble} | c.troubles,
    ),
    (
        "drops",
        "cause",
        "Pictures that newer ones replaced, by where.",
        lambda c: {"detection": 0, "decoding": 0} | c.drops,
    ),
    ("bad_pictures", "fault", "Pictures that could not be judged, by why.", lambda c: c.faults),
)


class WorkerCollector(Collector):
    """Asks for the status at each scrape, so that nothing is counted twice."""

    def __init__(self, status: Callable[[], WorkerStatus], measures: Measures, decisions: Decisions):
        self._status = status
        self._decisions = decisions
        self._measures = measures
        self._process = psutil.Process()

    def collect(self) -> Iterator[Metric]:
        status = self._status()
        cameras = status.cameras
        up = GaugeMetricFamily("streetorder_camera_state", "1 for the present state.", labels=["camera", "state"])
        for camera in cameras:
            for state in LinkState:
                up.add_metric([camera.camera_id, state.value], float(camera.state == state.value))
        yield up
        for name, text, value in _OF_CAMERA:
            gauge = GaugeMetricFamily(f"streetorder_{name}", text, labels=["camera"])
            for camera in cameras:
                if (found := value(camera)) is not None:
                    gauge.add_metric([camera.camera_id], found)
            yield gauge
        for name, text, count in _COUNTED:
            counter = CounterMetricFamily(f"streetorder_{name}", text, labels=["camera"])
            for camera in cameras:
                counter.add_metric([camera.camera_id], count(camera))
            yield counter
        for name, label, text, counts in _BY:
            counter = CounterMetricFamily(f"streetorder_{name}", text, labels=["camera", label])
            for camera in cameras:
                for cause, number in counts(camera).items():
                    counter.add_metric([camera.camera_id, cause], float(number))
            yield counter
        yield from self._violations()
        yield from self._whole(status)

    def _violations(self) -> Iterator[Metric]:
        for name, counted in (("opened", self._measures.opened), ("cleared", self._measures.cleared)):
            counter = CounterMetricFamily(f"streetorder_violations_{name}", "By type.", labels=["camera", "type"])
            for (camera_id, key), number in list(counted.items()):
                counter.add_metric([camera_id, key], float(number))
            yield counter
        decided = GaugeMetricFamily(
            "streetorder_decisions",
            "Violations that operators decided, by verdict: alarm precision is the confirmed part.",
            labels=["camera", "type", "verdict"],
        )
        for who, number in list(self._decisions.counts.items()):
            decided.add_metric(who, float(number))
        yield decided

    def _whole(self, status: WorkerStatus) -> Iterator[Metric]:
        trouble, refused = float(bool(status.evidence_trouble)), float(bool(status.configuration))
        undecided = float(bool(status.decisions))
        for name, text, value in (
            ("waiting_to_decode", "Cameras that wait for a decoder.", float(status.waiting_to_decode)),
            ("waiting_to_detect", "Pictures that wait for the detector.", float(status.waiting_to_detect)),
            (
                "waiting_to_write",
                "Pieces of evidence that are not written.",
                float(status.waiting_to_write),
            ),
            ("evidence_trouble", "1 while nothing can be written: nothing is confirmed then.", trouble),
            ("configuration_refused", "1 while the city file is wrong: the one before holds.", refused),
            ("decisions_refused", "1 while the file of decisions is wrong: the one before holds.", undecided),
            ("resident_bytes", "Resident memory of the process.", float(self._process.memory_info().rss)),
            ("uptime_seconds", "Since the worker began.", status.uptime_s),
            ("loop_age_seconds", "Since the worker's thread last began a round.", status.loop_age_s),
            ("free_bytes", "Left on the disk of the results.", status.free_mb * 1e6),
        ):
            yield GaugeMetricFamily(f"streetorder_{name}", text, value=value)
        if status.waiting_to_push is not None:
            yield GaugeMetricFamily("streetorder_waiting_to_push", "Events not pushed.", value=status.waiting_to_push)
            text = "Events and files that the service does not want."
            yield GaugeMetricFamily("streetorder_push_refused", text, value=status.push_refused)
        if status.patrol is not None:
            for name, text, value in (
                (
                    "patrol_late_p50_seconds",
                    "Newest visits began so much later than due, median.",
                    status.patrol.late_p50_s,
                ),
                ("patrol_late_p95_seconds", "The same, 95 of 100.", status.patrol.late_p95_s),
            ):
                yield GaugeMetricFamily(f"streetorder_{name}", text, value=value)
            visits = float(status.patrol.visits)
            yield CounterMetricFamily("streetorder_patrol_visits", "Visits of the patrol.", value=visits)
        failures = float(status.evidence_failures)
        yield CounterMetricFamily("streetorder_evidence_failures", "Pieces that could not be made.", value=failures)
        cpu = self._process.cpu_times()
        yield CounterMetricFamily("streetorder_cpu_seconds", "Processor time.", value=cpu.user + cpu.system)
