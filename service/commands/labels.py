"""``streetorder labels``: labelled pictures, what is in them, and what operators' decisions add to them."""

import typer

app = typer.Typer(help="Labelled pictures: made, described, and gathered from decisions.", no_args_is_help=True)
