"""Tables on standard output: never cut a word, and as wide as they need where nobody watches."""

from rich.console import Console
from rich.table import Table

WIDE = 240
"""Columns where output goes to a file or another program."""


def table(*columns: str) -> Table:
    found = Table()
    for column in columns:
        found.add_column(column, overflow="fold")
    return found


def console() -> Console:
    own = Console(highlight=False)
    return own if own.is_terminal else Console(highlight=False, width=WIDE)
