"""What a person sees while recordings are scored: speed as a multiple of real time, time left, violations so far."""

import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from service.scoring import Scoring, Watching
from streams.source import redact
from vision.records import Event


class _Speed(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.fields.get('speed', 0.0):.0f} x real time", style="cyan", no_wrap=True)


class Display:
    """A progress bar on standard error; lines only where that is no terminal; silent when ``quiet``."""

    def __init__(self, quiet: bool):
        self.quiet = quiet
        self.console = Console(stderr=True, quiet=quiet, highlight=False)
        self.violations = 0
        self.watching = Watching(self._event, self._progress, self.note)
        self._began = time.monotonic()
        self._shown_s = 0.0
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f}%"),
            _Speed(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[violations]} violations"),
            console=self.console,
            disable=quiet or not self.console.is_terminal,
        )
        self._task = self._bar.add_task("reading", total=1.0, speed=0.0, violations=0)

    def __enter__(self) -> "Display":
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._bar.stop()

    def note(self, text: str) -> None:
        self.console.print(redact(text), markup=False, soft_wrap=True)

    def _event(self, event: Event) -> None:
        v = event.violation
        if event.kind == "opened":
            self.violations += 1
            self.note(f"{v.camera_id} {_clock(v.confirmed_s)}  {v.key}, standing since {_clock(v.onset_s)}")
        elif event.kind == "cleared" and v.cleared_s is not None:
            self.note(f"{v.camera_id} {_clock(v.cleared_s)}  {v.key} gone")

    def _progress(self, scoring: Scoring) -> None:
        wall_s = max(1e-3, time.monotonic() - self._began)
        if self.quiet or wall_s - self._shown_s < 0.2:
            return
        self._shown_s = wall_s
        self._bar.update(
            self._task,
            completed=scoring.fraction_done(),
            speed=scoring.scored_s() / wall_s,
            violations=self.violations,
            description=f"{len(scoring.outcomes)} of {scoring.total} cameras",
        )


def _clock(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"
