"""``streetorder verify`` and ``streetorder keys``: the seal of evidence, checked and made."""

import json
from pathlib import Path
from typing import Annotated

import typer

from service.commands.failing import told_plainly
from vision.keys import default_key_path, load_key, load_public_key, machine_public_key, make_key, public_key_path
from vision.verify import verify


def verify_evidence(
    evidence: Annotated[Path, typer.Argument(help="One violation's evidence, or a folder of results.")],
    public_key: Annotated[
        Path | None, typer.Option("--public-key", help="Key of the machine that sealed it; this machine's if left out.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Has any byte of the evidence changed? Exit code 0: none; 1: something changed; 2: cannot be told."""
    with told_plainly(as_json):
        report = verify(evidence, load_public_key(public_key) if public_key else machine_public_key())
    typer.echo(json.dumps(report.to_dict(), ensure_ascii=False) if as_json else str(report))
    raise typer.Exit(report.exit_code)


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
