"""``streetorder benchmark``: measures the program on this machine."""

import typer

app = typer.Typer(help="Measure the program on this machine.", no_args_is_help=True)


@app.callback()
def _root() -> None: ...
