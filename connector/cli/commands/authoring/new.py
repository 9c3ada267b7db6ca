"""`connector new` and `new-action`: files to start from."""

from __future__ import annotations

from pathlib import Path

import click

from connector.authoring.outline import AUTH_KINDS, INPUT_TYPES, PAGINATION_STYLES
from connector.cli.context.folder import resolve_folder
from connector.cli.groups import StrictCommand, get_meta, global_options
from connector.cli.output import printer
from connector.cli.output.stdio import print_stderr

_NEW_HELP = """Create FOLDER with a connector, ready to lint and run.

Without flags it is a small, complete example. With --base-url it is the outline of one for your API: a manifest, and
one action to change. With --package the connector lies in a Python package with its tests and the workflow of its CI,
which can be pushed to a repository and installed with pip.
"""
_NEW_ACTION_HELP = """Create the file of an action: KEY in camelCase, REQUEST as 'POST /users/{userId}'.

Each name in braces becomes a required input. The file is valid at once; fill in what the vendor's page says.
"""


@click.command("new", cls=StrictCommand, help=_NEW_HELP, short_help="Create the folder of a new connector.")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--base-url", metavar="URL", help="What every request begins with: https://api.example.com/v1.")
@click.option("--name", help="The connector's name (default: the folder's).")
@click.option("--auth", type=click.Choice(AUTH_KINDS), help="The kind of its connection (default: bearer).")
@click.option("--pagination", type=click.Choice(PAGINATION_STYLES), help="How lists are paged (default: none).")
@click.option("--package", "is_package", is_flag=True, help="Create a Python package of the connector, with its CI.")
@global_options
@click.pass_context
def new_command(
    ctx: click.Context,
    folder: Path,
    *,
    base_url: str | None,
    name: str | None,
    auth: str | None,
    pagination: str | None,
    is_package: bool,
) -> None:
    """Create a new connector."""
    from connector.authoring import outline, scaffold
    from connector.errors import UsageError
    from connector.runtime.process import extras

    files = None
    if base_url is not None:
        folder_name = folder.absolute().name.lower().replace("-", "_").replace(" ", "_")
        own_name = name or (folder_name.removeprefix("connector_") if is_package else folder_name)
        files = outline.outline_connector(own_name, base_url, auth or "bearer", pagination or "none")
    elif name or auth or pagination:
        hint = "Without any flag, 'connector new' writes an example."
        raise UsageError("--name, --auth and --pagination need --base-url.", hint=hint)
    if is_package:
        written = scaffold.create_package(folder, extras.get_shared_requirement(), files)
    else:
        written = scaffold.create_connector(folder, files)
    printer.write_text("\n".join(map(str, written)))
    if get_meta(ctx, "quiet"):
        return
    if is_package:
        print_stderr(f"Next: read {folder / 'README.md'}, which says what is left to choose before the first push.")
    else:
        more = "" if files is None else f", connector new-action KEY 'METHOD /path' {folder}"
        print_stderr(f"Next: connector lint {folder}{more}, then connector --connector {folder} list")


@click.command("new-action", cls=StrictCommand, help=_NEW_ACTION_HELP, short_help="Create the file of a new action.")
@click.argument("key")
@click.argument("request")
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option(
    "-i", "--input", "inputs", multiple=True, metavar="NAME[:TYPE]", help=f"An input. Types: {', '.join(INPUT_TYPES)}."
)
@global_options
@click.pass_context
def new_action_command(
    ctx: click.Context, key: str, request: str, folder: Path | None, inputs: tuple[str, ...]
) -> None:
    """Create a new action."""
    from connector.authoring import outline, scaffold

    target = resolve_folder(ctx, folder)
    path = scaffold.create_action(target, *outline.outline_action(key, request, inputs))
    printer.write_text(str(path))
    if not get_meta(ctx, "quiet"):
        print_stderr(f"Next: fill in {path}, then connector lint {target}")
