"""Checks sealed evidence: every file against its hash, every record against its signature, every record's place in the
chain. Needs no writer, changes nothing, and names each file that is not as it was sealed.
"""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vision.findings import Finding, VerifyReport, What
from vision.keys import PublicKey
from vision.manifest import CHAIN, Entry, Kind, NotARecord, Record, read_record, record_paths, signature_of

Listed = Mapping[tuple[str, Kind], Entry]
NO_CHAIN: Listed = {}


class NothingToVerify(ValueError):
    """The path is neither an evidence folder nor a folder of results."""


@dataclass(slots=True)
class Checked:
    """What a check has seen so far: findings, records whose signature fits, and records that are there but spoilt."""

    trusted: PublicKey | None
    findings: list[Finding] = field(default_factory=list)
    records: dict[tuple[str, Kind], Record] = field(default_factory=dict)
    spoilt: set[tuple[str, Kind]] = field(default_factory=set)
    files: int = 0
    size: int = 0

    def find(self, path: str, what: What, text: str) -> None:
        self.findings.append(Finding(path, what, text))


def verify(path: Path, trusted: PublicKey | None) -> VerifyReport:
    """Check one evidence folder, a folder of results, or the ``evidence`` folder in it.

    trusted: the key that must have signed. Without one, what an attacker sealed anew with a key of his own looks
    intact, so the report is not ok then.

    Raises ``NothingToVerify`` for any other path.
    """
    if not path.is_dir():
        raise NothingToVerify(f"{path} is not a folder; give an evidence folder or a folder of results")
    if (path / CHAIN).exists():
        return _verify_all(path, path, trusted)
    if (path / "evidence").is_dir():
        return _verify_all(path, path / "evidence", trusted)
    chain = path.resolve().parent / CHAIN
    if chain.exists() or any(file.exists() for file in record_paths(path.parent, path.name, "manifest")):
        listed, _ = _read_chain(chain, Checked(None), "") if chain.exists() else (NO_CHAIN, None)
        return _report(path, check_folder(path.resolve(), trusted, listed), None)
    if path.name == "evidence":
        return _verify_all(path, path, trusted)
    raise NothingToVerify(
        f"{path} holds neither manifest.json (an evidence folder), nor {CHAIN}, nor a folder `evidence` (results)"
    )


def check_folder(folder: Path, trusted: PublicKey | None, listed: Listed = NO_CHAIN) -> Checked:
    """Check one evidence folder by itself. ``listed``: what the chain knows, which tells a changed record from a
    changed signature."""
    checked = Checked(trusted)
    _check_folder(checked, folder, "", listed)
    return checked


def _verify_all(path: Path, evidence: Path, trusted: PublicKey | None) -> VerifyReport:
    checked = Checked(trusted)
    prefix = "" if path == evidence else "evidence/"
    listed, head = _read_chain(evidence / CHAIN, checked, prefix)
    chain_findings, checked.findings = checked.findings, []
    for item in sorted(evidence.iterdir()):
        name = item.name
        if name.startswith(".") or name == CHAIN:
            continue  # dot names are the writer's lock and work in progress
        if item.is_dir() and not item.is_symlink():
            _check_folder(checked, item, f"{prefix}{name}/", listed)
        elif name.endswith(".tombstone.json"):
            _check_record(checked, evidence, name.removesuffix(".tombstone.json"), "tombstone", prefix, listed)
        elif not (name.endswith(".tombstone.sig") and item.with_suffix(".json").exists()):
            checked.find(prefix + name, "extra", "was never sealed")
    if checked.records.keys() - listed.keys():  # perhaps the writer went on while the files were read
        chain = Checked(trusted)
        listed, head = _read_chain(evidence / CHAIN, chain, prefix)
        chain_findings = chain.findings
    checked.findings += chain_findings
    _check_chain(checked, listed, evidence, prefix)
    return _report(path, checked, head)


def _report(path: Path, checked: Checked, head: Entry | None) -> VerifyReport:
    kinds = [kind for _, kind in [*checked.records, *checked.spoilt]]
    return VerifyReport(
        path=path,
        evidence=kinds.count("manifest"),
        cleared=kinds.count("cleared"),
        buried=kinds.count("tombstone"),
        files=checked.files,
        size=checked.size,
        keys=tuple(sorted({record.entry.key for record in checked.records.values()})),
        trusted=None if checked.trusted is None else checked.trusted.fingerprint,
        head=head,
        findings=tuple(checked.findings),
    )


def _check_folder(checked: Checked, folder: Path, prefix: str, listed: Listed) -> None:
    names = {path.name for path in folder.iterdir()}
    manifest = _check_record(checked, folder.parent, folder.name, "manifest", prefix, listed)
    own = {"manifest.json", "manifest.sig"}
    records = [manifest]
    if "cleared.json" in names:
        own |= {"cleared.json", "cleared.sig"}
        cleared = _check_record(checked, folder.parent, folder.name, "cleared", prefix, listed)
        records.append(cleared)
        if manifest and cleared and cleared.body.get("manifest") != manifest.entry.sha256:
            checked.find(f"{prefix}cleared.json", "changed", "cites another manifest than the one beside it")
    sealed = {name: file for record in records if record for name, file in record.files.items()}
    for name, file in sorted(sealed.items()):
        if name in names:
            _check_file(checked, folder / name, prefix + name, file)
        else:
            checked.find(prefix + name, "missing", "was sealed and is not there")
    if all(records):  # what a spoilt record sealed is not known, so nothing can be called extra
        for name in sorted(names - own - sealed.keys()):
            checked.find(prefix + name, "extra", "was never sealed")


def _check_file(checked: Checked, path: Path, shown: str, sealed: Mapping[str, Any]) -> None:
    if path.is_symlink() or not path.is_file():
        checked.find(shown, "changed", "is no plain file any more")
        return
    checked.files += 1
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            checked.size += size
            if size != sealed.get("bytes"):
                checked.find(shown, "changed", f"has {size} bytes, {sealed.get('bytes')} were sealed")
            elif hashlib.file_digest(file, "sha256").hexdigest() != sealed["sha256"]:
                checked.find(shown, "changed", "its SHA-256 is not the sealed one")
    except OSError as problem:
        checked.find(shown, "unreadable", problem.strerror or str(problem))


def _check_record(checked: Checked, evidence: Path, id: str, kind: Kind, prefix: str, listed: Listed) -> Record | None:
    """The record where it could be read, whether or not its signature fits; None where it could not."""
    path, sig_path = record_paths(evidence, id, kind)
    shown, sig_shown = prefix + path.name, prefix + sig_path.name
    spoilt = (id, kind)
    checked.spoilt.add(spoilt)  # until everything fits
    try:
        data = path.read_bytes()
        record = read_record(data)
    except FileNotFoundError:
        checked.find(shown, "missing", "the record is not there, so nothing here is proven")
        return None
    except (OSError, NotARecord) as problem:
        what: What = "changed" if isinstance(problem, NotARecord) else "unreadable"
        checked.find(shown, what, str(problem))
        return None
    if (record.entry.id, record.entry.kind) != (id, kind):
        checked.find(shown, "changed", f"was sealed as the {record.entry.kind} of {record.entry.id}")
        return record
    try:
        signature = signature_of(sig_path.read_bytes())
    except OSError as problem:
        lost = isinstance(problem, FileNotFoundError)
        checked.find(sig_shown, "missing" if lost else "unreadable", "the signature cannot be read")
        return record
    in_chain = listed.get((id, kind))
    if signature is None:
        checked.find(sig_shown, "changed", "is no signature any more")
    elif record.key.accepts(signature, data):
        checked.spoilt.discard(spoilt)
        checked.records[spoilt] = record
        if checked.trusted is not None and record.key != checked.trusted:
            checked.find(
                shown, "key", f"was signed by key {record.entry.key}, not by the trusted {checked.trusted.fingerprint}"
            )
    elif in_chain is None:
        checked.find(shown, "changed", f"it or its signature {sig_path.name} is not as it was sealed")
    elif in_chain.sha256 == record.entry.sha256:
        checked.find(sig_shown, "changed", f"is not the signature of {path.name}")
    else:
        checked.find(shown, "changed", "its SHA-256 is not the one in the chain, and its signature does not fit")
    return record


def _read_chain(path: Path, checked: Checked, prefix: str) -> tuple[Listed, Entry | None]:
    """The entries of ``chain.jsonl`` and its last one; lines that do not follow one another become findings."""
    shown = prefix + CHAIN
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return {}, None
    except OSError as problem:
        checked.find(shown, "unreadable", problem.strerror or str(problem))
        return {}, None
    *lines, torn = data.split(b"\n")
    listed: dict[tuple[str, Kind], Entry] = {}
    before: Entry | None = None
    for number, line in enumerate(lines, 1):
        try:
            entry = Entry.from_line(line)
        except NotARecord as problem:
            checked.find(shown, "changed", f"line {number} is {problem}")
            before = None
            continue
        follows = (0, None) if number == 1 else before and (before.sequence + 1, before.sha256)
        if follows is not None and (entry.sequence, entry.previous) != follows:
            checked.find(shown, "chain", f"line {number} does not follow the line before it")
        if before is not None and entry.key != before.key:
            checked.find(
                shown, "chain", f"line {number} was signed by key {entry.key}, the line before by {before.key}"
            )
        listed[entry.id, entry.kind] = before = entry
    if torn:
        checked.find(shown, "changed", f"line {len(lines) + 1} has no end")
    return listed, before


def _check_chain(checked: Checked, listed: Listed, evidence: Path, prefix: str) -> None:
    """Compare the chain with the records: both must name the same ones with the same values."""
    proven = {at: record.entry for at, record in checked.records.items()}
    for record in checked.records.values():
        if record.entry.kind == "tombstone":
            if (record.entry.id, "manifest") in proven:
                checked.find(prefix + record.entry.id, "extra", "is there although a tombstone says it was deleted")
            proven |= {(entry.id, entry.kind): entry for entry in record.buried}
    for at, entry in listed.items():
        id, kind = at
        if at in proven:
            if entry != proven[at]:
                checked.find(prefix + CHAIN, "changed", f"what it says of the {kind} of {id} is not what was signed")
        elif at not in checked.spoilt and not record_paths(evidence, id, kind)[0].exists():
            _find_missing(checked, id, kind, prefix)
    for id, kind in proven.keys() - listed.keys():
        hint = "was cut off or changed, or the writer was interrupted and has not been started again"
        checked.find(prefix + CHAIN, "chain", f"does not list the {kind} of {id}: it {hint}")


def _find_missing(checked: Checked, id: str, kind: Kind, prefix: str) -> None:
    if kind == "manifest":
        checked.find(prefix + id, "missing", f"{CHAIN} lists it, and no tombstone says that it was deleted")
    elif kind == "tombstone":
        checked.find(f"{prefix}{id}.tombstone.json", "missing", f"{CHAIN} lists it")
    elif (id, "manifest") in checked.records or (id, "manifest") in checked.spoilt:
        checked.find(f"{prefix}{id}/cleared.json", "missing", f"{CHAIN} lists it")
