"""``shadow.html``: where two models disagree, as pictures that a person judges."""

from collections import Counter
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from labels.catalogue import load_catalogue
from service.report_data import clock, relative_box
from service.report_pictures import decode, embed, link
from service.shadow import Line, Run, Shadow, picture_of
from vision.durable import write_durably

MOST_EMBEDDED = 120
"""Pictures inside the page; further ones are links to the sealed files."""


def write_page(shadow: Shadow, directory: Path) -> Path:
    """Write the page and return its path. Raises ``OSError``."""
    compared, page = shadow.compared, _Page(directory)
    groups = [
        ("Only the old model found", [page.card(shadow.old, v) for v in compared.only_old]),
        ("Only the candidate found", [page.card(shadow.new, v) for v in compared.only_new]),
        (
            "Named differently: old type, candidate's type",
            [
                {**page.card(shadow.new, b), "name": f"{_name(a['key'])} → {_name(b['key'])}"}
                for a, b in compared.renamed
            ],
        ),
    ]
    environment = Environment(
        loader=PackageLoader("service", "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    html = environment.get_template("shadow.html.j2").render(
        old=shadow.old, new=shadow.new, verdict=shadow.verdict(), types=_types(shadow), groups=groups
    )
    path = directory / "shadow.html"
    write_durably(path, html.encode())
    return path


class _Page:
    def __init__(self, directory: Path):
        self.directory = directory
        self.embedded = 0

    def card(self, run: Run, violation: Line) -> dict[str, Any]:
        box = relative_box(violation)
        return {
            "name": _name(violation["key"]),
            "id": violation["id"],
            "camera": violation["camera_id"],
            "since": clock(violation["onset_s"]),
            "confirmed": clock(violation["confirmed_s"]),
            "score": violation["score"],
            "src": self._src(run, violation),
            "box": [round(100 * side, 2) for side in box],
        }

    def _src(self, run: Run, violation: Line) -> str | None:
        path = picture_of(run, violation)
        if path is None:
            return None
        self.embedded += 1
        if self.embedded > MOST_EMBEDDED:
            return link(*path.relative_to(self.directory).parts)
        picture = decode(path, violation["size"][0])
        return None if picture is None else embed(picture).src


def _types(shadow: Shadow) -> dict[str, dict[str, Any]]:
    old, new = (Counter(v["key"] for v in run.summary.violations) for run in (shadow.old, shadow.new))
    return {
        key: {
            "name": _name(key),
            "old": old[key] if key in shadow.old.card.keys else "does not see it",
            "new": new[key] if key in shadow.new.card.keys else "does not see it",
            "proven": shadow.new.card.proven.get(key, False) or key not in shadow.new.card.keys,
        }
        for key in load_catalogue().types
        if old[key] or new[key]
    }


def _name(key: str) -> str:
    kind = load_catalogue().types.get(key)
    return f"{kind.zh} {kind.en}" if kind else key
