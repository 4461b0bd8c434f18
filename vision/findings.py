"""What a check of sealed evidence found, for people and for machines."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from vision.manifest import Entry

What = Literal["changed", "missing", "extra", "key", "chain", "unreadable"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it was sealed. ``path`` is relative to what was verified, with ``/``."""

    path: str
    what: What
    text: str

    def __str__(self) -> str:
        return f"{self.what}: {_printable(self.path)}: {_printable(self.text)}"


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What ``verify`` found.

    evidence, cleared, buried, files, size: how much was looked at (size in bytes). keys: fingerprints that signed.
    trusted: fingerprint of the key that was asked for, None where none was at hand. head: the chain's last entry;
    None for a single folder, whose chain is not looked at.
    """

    path: Path
    evidence: int
    cleared: int
    buried: int
    files: int
    size: int
    keys: tuple[str, ...]
    trusted: str | None
    head: Entry | None
    findings: tuple[Finding, ...]

    @property
    def exit_code(self) -> int:
        """0 intact and signed by the trusted key, 1 something is wrong, 2 intact but signed by an unknown key."""
        if self.findings:
            return 1
        return 2 if self.keys and self.trusted is None else 0

    @property
    def ok(self) -> bool:
        return self.exit_code == 0

    def lines(self) -> list[str]:
        """For people, the verdict last."""
        lines = [
            f"{_printable(str(self.path))}: {self.evidence} sealed violations ({self.cleared} cleared), "
            f"{self.buried} deleted under a tombstone, {self.files} files, {self.size / 1e6:.1f} MB"
        ]
        if self.head is not None:
            lines.append(f"chain: {self.head.sequence + 1} records, the last one is {self.head.sha256}")
        lines += [str(finding) for finding in self.findings]
        return [*lines, self._verdict()]

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def to_dict(self) -> dict[str, Any]:
        """The same as plain JSON values."""
        return {
            "ok": self.ok,
            "exit_code": self.exit_code,
            "verdict": self._verdict(),
            "path": str(self.path),
            "evidence": self.evidence,
            "cleared": self.cleared,
            "buried": self.buried,
            "files": self.files,
            "bytes": self.size,
            "keys": list(self.keys),
            "trusted": self.trusted,
            "chain": None if self.head is None else {"records": self.head.sequence + 1, "head": self.head.sha256},
            "findings": [{"path": f.path, "what": f.what, "text": f.text} for f in self.findings],
        }

    def _verdict(self) -> str:
        if self.findings:
            return f"NOT INTACT: {len(self.findings)} {'finding' if len(self.findings) == 1 else 'findings'}."
        if not self.keys:
            return "Nothing is sealed here, and nothing is missing."
        if self.trusted is None:
            return f"Intact, but signed by unknown key {', '.join(self.keys)}; give --public-key FILE to trust it."
        return f"Intact, signed by key {self.trusted}."


def _printable(text: str) -> str:
    """File names come from anywhere; none may move the cursor of a terminal."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)
