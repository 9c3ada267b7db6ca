"""`connector lint`, `docs` and `new`: for who writes a connector."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from connector.cli.context.run_options import as_form, settings
from connector.cli.groups import Command, kept, shared
from connector.cli.output import errors as failure
from connector.cli.output import printer as output

_folder = click.argument("folder", required=False, type=click.Path(path_type=Path))


def chosen(context: click.Context, folder: Path | None) -> Path:
    """Return the folder to work on: the argument, else the connector that is set, this folder, or the bundled one.

    Raises DefinitionError, naming where it looked, when no connector is there.
    """
    if folder is None:
        set_one = settings(context).get("connector").value
        here = Path() if Path("manifest.yaml").is_file() else None
        folder = Path(set_one) if set_one is not None else here
    if folder is None or not (folder / "manifest.yaml").is_file():
        from connector.definition.loader import Connector

        return Connector.open(folder).folder
    return folder


@click.command("lint", cls=Command, help="Check every file of a connector; exit code 2 on any finding.")
@_folder
@as_form
@shared
@click.pass_context
def lint_command(context: click.Context, folder: Path | None, shape: str) -> int:
    """Check every file of a connector."""
    from connector.authoring.lint import lint
    from connector.definition.loader import Connector

    place = chosen(context, folder)
    findings = lint(place)
    if shape == "json":
        output.write_json({"folder": str(place), "findings": [asdict(finding) for finding in findings]})
    elif not findings:
        connector = Connector.open(place)
        count = len(connector.files)
        output.write_text(f"{connector.name}: {count} action{'' if count == 1 else 's'}, nothing to find fault with.")
    else:
        output.write_text("\n".join(map(str, findings)))
        failure.say(f"{_called(place)}: {len(findings)} finding{'' if len(findings) == 1 else 's'}.")
    return failure.WRONG if findings else failure.DONE


@click.command("docs", cls=Command, help="Write a connector's pages and schemas; the files that changed are printed.")
@_folder
@click.option("--check", is_flag=True, help="Write nothing; exit code 2 when a file is not fresh.")
@as_form
@shared
@click.pass_context
def docs_command(context: click.Context, folder: Path | None, shape: str, *, check: bool) -> int:
    """Write, or check, what is generated from the definitions."""
    from connector.authoring import docs

    place = chosen(context, folder)
    changed = docs.write(place, check=check)
    if shape == "json":
        output.write_json({"folder": str(place), "stale" if check else "written": [str(path) for path in changed]})
    elif changed:
        output.write_text("\n".join(map(str, changed)))
    if not kept(context, "quiet"):
        failure.say(_said(place, len(changed), check=check))
    return failure.WRONG if check and changed else failure.DONE


def _said(place: Path, count: int, *, check: bool) -> str:
    where = _called(place)
    if not count:
        return f"{where}: everything is fresh."
    many = "1 file" if count == 1 else f"{count} files"
    return f"{where}: {many} not fresh; 'connector docs' writes them." if check else f"{where}: {many} written."


def _called(place: Path) -> str:
    return "this folder" if place == Path() else str(place)


@click.command("new", cls=Command, help="Make FOLDER with a small connector in it, ready to lint and run.")
@click.argument("folder", type=click.Path(path_type=Path))
@shared
@click.pass_context
def new_command(context: click.Context, folder: Path) -> None:
    """Make a new connector."""
    from connector.authoring import scaffold

    output.write_text("\n".join(str(path) for path in scaffold.new(folder)))
    if not kept(context, "quiet"):
        failure.say(f"Next: connector lint {folder}, then connector --connector {folder} list")
