"""`connector lint`, `docs` and `new`: for who writes a connector."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from connector.cli.context.context import load_settings, output_option
from connector.cli.groups import StrictCommand, get_meta, global_options
from connector.cli.output import printer
from connector.cli.output.counts import format_count
from connector.cli.output.exit_codes import EXIT_DONE, EXIT_USAGE
from connector.cli.output.stdio import print_stderr

_folder_argument = click.argument("folder", required=False, type=click.Path(path_type=Path))


def resolve_folder(ctx: click.Context, folder: Path | None) -> Path:
    """Return the folder to work on: the argument, else the connector that is set, this folder, or the bundled one.

    Raises DefinitionError, naming where it looked, when no connector is there.
    """
    if folder is None:
        configured = load_settings(ctx).get("connector").value
        current = Path() if Path("manifest.yaml").is_file() else None
        folder = Path(configured) if configured is not None else current
    if folder is None or not (folder / "manifest.yaml").is_file():
        from connector.definition.loader import Connector

        return Connector.open(folder).folder
    return folder


@click.command("lint", cls=StrictCommand, help="Check every file of a connector; exit code 2 on any finding.")
@_folder_argument
@output_option
@global_options
@click.pass_context
def lint_command(ctx: click.Context, folder: Path | None, output_format: str) -> int:
    """Check every file of a connector."""
    from connector.authoring.lint import lint
    from connector.definition.loader import Connector

    target = resolve_folder(ctx, folder)
    findings = lint(target)
    if output_format == "json":
        printer.write_json({"folder": str(target), "findings": [asdict(finding) for finding in findings]})
    elif not findings:
        connector = Connector.open(target)
        count = format_count(len(connector.action_files), "action")
        printer.write_text(f"{connector.name}: {count}, nothing to find fault with.")
    else:
        printer.write_text("\n".join(map(str, findings)))
        print_stderr(f"{_format_folder(target)}: {format_count(len(findings), 'finding')}.")
    return EXIT_USAGE if findings else EXIT_DONE


@click.command(
    "docs", cls=StrictCommand, help="Write a connector's pages and schemas; the files that changed are printed."
)
@_folder_argument
@click.option("--check", is_flag=True, help="Write nothing; exit code 2 when a file is not fresh.")
@output_option
@global_options
@click.pass_context
def docs_command(ctx: click.Context, folder: Path | None, output_format: str, *, check: bool) -> int:
    """Write, or check, what is generated from the definitions."""
    from connector.authoring import docs

    target = resolve_folder(ctx, folder)
    changed = docs.write(target, check=check)
    if output_format == "json":
        printer.write_json({"folder": str(target), "stale" if check else "written": [str(path) for path in changed]})
    elif changed:
        printer.write_text("\n".join(map(str, changed)))
    if not get_meta(ctx, "quiet"):
        print_stderr(_summarize(target, len(changed), check=check))
    return EXIT_USAGE if check and changed else EXIT_DONE


def _summarize(folder: Path, count: int, *, check: bool) -> str:
    label = _format_folder(folder)
    if not count:
        return f"{label}: everything is fresh."
    file_count = format_count(count, "file")
    return (
        f"{label}: {file_count} not fresh; 'connector docs' writes them."
        if check
        else f"{label}: {file_count} written."
    )


def _format_folder(folder: Path) -> str:
    return "this folder" if folder == Path() else str(folder)


@click.command("new", cls=StrictCommand, help="Make FOLDER with a small connector in it, ready to lint and run.")
@click.argument("folder", type=click.Path(path_type=Path))
@global_options
@click.pass_context
def new_command(ctx: click.Context, folder: Path) -> None:
    """Make a new connector."""
    from connector.authoring import scaffold

    printer.write_text("\n".join(str(path) for path in scaffold.create_connector(folder)))
    if not get_meta(ctx, "quiet"):
        print_stderr(f"Next: connector lint {folder}, then connector --connector {folder} list")
