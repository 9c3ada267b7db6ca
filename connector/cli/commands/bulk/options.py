"""The options of commands for shared bulk runs."""

from __future__ import annotations

import click

on_option = click.option("--on", metavar="URL", help="The database: sqlite:///PATH or postgresql://...")
run_argument = click.argument("name", metavar="[RUN]", required=False)
