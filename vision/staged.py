"""Evidence in the making, on the disk from the first moment: a staged folder that grows, and beside it what is known.

What lies there at any moment can be sealed as it is, also by another process than the one that began it.
"""

import copy
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from streams.clip import ClipProblem, clip_length_s, needs_preview, write_clip, write_preview
from streams.frame import Still, StillLost
from streams.recorder import PacketSpan
from vision.durable import UNFINISHED, naming, sync_file, sync_folder, write_durably
from vision.evidence import STAGING
from vision.manifest import evidence_folder
from vision.records import Event, iso
from vision.seal import Chain
from vision.stills import jpeg

CUT_SHORT = "the clip ends early: the program ended while it was recorded"
NO_MORE = "the clip ends early: the camera gave no more pictures"


@dataclass(slots=True)
class Staged:
    """One violation's evidence before it is sealed. record: what will be sealed with it, as far as it is known."""

    home: Path
    id: str
    record: dict[str, Any]

    @property
    def folder(self) -> Path:
        return self.home / f"{STAGING}{self.id}"

    @property
    def final(self) -> Path:
        return evidence_folder(self.home, self.id)

    @property
    def _record_path(self) -> Path:
        return self.home / f"{STAGING}{self.id}.json"

    @classmethod
    def begin(
        cls, home: Path, event: Event, grounds: dict[str, Any], stills: dict[str, Still | None], span: PacketSpan | None
    ) -> "Staged":
        """Write pictures (``stills`` by file name) and what is recorded so far. Raises ``OSError``."""
        v = event.violation
        when = {"onset.jpg": (v.onset, v.onset_s), "trigger.jpg": (v.confirmed_at, v.confirmed_s)}
        staged = cls(home, event.id, {"event": event.to_dict(), "grounds": grounds, "pictures": {}})
        staged.record |= {"clip": None, "notes": []}
        with naming(staged.final):
            shutil.rmtree(staged.folder, ignore_errors=True)
            staged.folder.mkdir(parents=True)
            for name, still in stills.items():
                at, elapsed_s = when[name]
                try:
                    if still is None:
                        raise StillLost("its packets were not kept")
                    (staged.folder / name).write_bytes(jpeg(still))
                    sync_file(staged.folder / name)
                    staged.record["pictures"][name] = {"captured_at": iso(at), "elapsed_s": elapsed_s}
                except StillLost as lost:
                    staged.record["notes"].append(f"no {name}: {lost}")
            staged.grow(span)
        return staged

    @classmethod
    def left_in(cls, home: Path) -> Iterator["Staged"]:
        """What an earlier process did not seal. What it had not begun properly is removed."""
        for path in sorted(home.glob(f"{STAGING}*.json")):
            staged = cls(home, path.name.removeprefix(STAGING).removesuffix(".json"), json.loads(path.read_bytes()))
            if not (staged.final / "manifest.json").exists():
                for torn in staged.folder.glob(f"*{UNFINISHED}"):
                    torn.unlink()
                yield staged
            path.unlink(missing_ok=True)
        for left in home.glob(f"{STAGING}*"):
            shutil.rmtree(left) if left.is_dir() else left.unlink()

    def grow(self, span: PacketSpan | None) -> None:
        """Put the longer clip in the place of the shorter one. Raises ``OSError``."""
        if span is not None:
            beside = self.folder.with_name(f"{self.folder.name}.clip")
            beside.mkdir(exist_ok=True)
            try:
                clip = write_clip(span, beside)
                sync_file(clip)
                clip.replace(self.folder / clip.name)
                codec = span.group.parameters.codec
                self.record["clip"] = {"file": clip.name, "start_s": span.start_s, "end_s": span.end_s}
                self.record["clip"] |= {"codec": codec, "remuxed": True}
            except ClipProblem as problem:
                self.record["clip_problem"] = str(problem)
            finally:
                shutil.rmtree(beside, ignore_errors=True)
        sync_folder(self.folder)
        write_durably(self._record_path, json.dumps(self.record, ensure_ascii=False).encode())

    def seal(self, chain: Chain, span: PacketSpan | None, note: str = "") -> None:
        """Into its final place, whole. note: what a reader has to know of the clip. Raises ``OSError``."""
        record = copy.deepcopy(self.record)
        problem = record.pop("clip_problem", "the packets were not kept")
        if record["clip"] is None:
            record["notes"].append(f"no clip: {problem}")
        elif note:
            record["notes"].append(note)
        with naming(self.final):
            if span is not None and record["clip"] and needs_preview(span, self.folder / record["clip"]["file"]):
                try:
                    write_preview(span, self.folder / "preview.mp4")
                except ClipProblem as failed:
                    record["notes"].append(f"no preview: {failed}")
            chain.publish(self.folder, self.final, record)
            self._record_path.unlink(missing_ok=True)

    def measure(self) -> None:
        """Another process wrote the clip, and it may be longer than the record says."""
        clip = self.record["clip"]
        if clip is not None:
            clip["end_s"] = round(clip["start_s"] + clip_length_s(self.folder / clip["file"]), 3)
