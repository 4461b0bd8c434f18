"""``streetorder verify`` and ``streetorder keys``: the seal of evidence, checked and made."""

import json
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from cases.tombstone import NoTombstone, is_genuine
from service.commands.failing import fail, told_plainly
from vision.keys import (
    PublicKey,
    default_key_path,
    load_key,
    load_public_key,
    machine_public_key,
    make_key,
    public_key_path,
)
from vision.verify import verify


def verify_evidence(
    evidence: Annotated[
        Path, typer.Argument(help="One violation's evidence, a folder of results, or a tombstone of a case's (JSON).")
    ],
    public_key: Annotated[
        Path | None, typer.Option("--public-key", help="Key of the machine that sealed it; this machine's if left out.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Has any byte of the evidence changed? Exit code 0: none; 1: something changed; 2: cannot be told."""
    with told_plainly(as_json):
        if evidence.is_file():
            _verify_tombstone(evidence, load_public_key(public_key) if public_key else machine_public_key(), as_json)
        report = verify(evidence, load_public_key(public_key) if public_key else machine_public_key())
    typer.echo(json.dumps(report.to_dict(), ensure_ascii=False) if as_json else str(report))
    raise typer.Exit(report.exit_code)


def _verify_tombstone(path: Path, key: PublicKey | None, as_json: bool) -> NoReturn:
    """As the service answers where evidence was deleted, with or without what stands around it."""
    try:
        said = json.loads(path.read_bytes())
        said = said.get("tombstone", said)
        if key is None:
            raise NoTombstone("there is no key here: name the one of the machine that signed it (--public-key)")
        genuine = is_genuine(said, key)
    except (ValueError, AttributeError) as problem:
        fail(f"{path}: {problem}")
    was = f"evidence {said['evidence']} of case {said['case']}, deleted {said['deleted_at']} ({said['why']})"
    report = {"genuine": genuine, **said}
    typer.echo(json.dumps(report, ensure_ascii=False) if as_json else f"{'genuine' if genuine else 'CHANGED'}: {was}")
    raise typer.Exit(0 if genuine else 1)


def keys(
    path: Annotated[Path | None, typer.Option("--key", help="Where the key lies.", show_default=False)] = None,
) -> None:
    """Make the signing key of this machine, or show the one there is."""
    path = path or default_key_path()
    with told_plainly():
        made = not path.exists()
        fingerprint = make_key(path) if made else load_key(path).fingerprint
    typer.echo(f"{'made' if made else 'there is'} a signing key: {path}")
    typer.echo(f"fingerprint {fingerprint}")
    typer.echo(f"public key, to hand to whoever verifies: {public_key_path(path)}")
