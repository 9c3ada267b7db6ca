"""`connector import`: the folder of a connector, made of API descriptions, or brought up to date with them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from connector.cli.context.context import output_option
from connector.cli.groups import StrictCommand, get_meta, global_options
from connector.cli.output import printer
from connector.cli.output.counts import format_count
from connector.cli.output.exit_codes import EXIT_DONE, EXIT_USAGE
from connector.cli.output.stdio import keeping_code, print_stderr
from connector.errors import StoreError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.authoring.importing.description import Description
    from connector.authoring.importing.importer import Imported
    from connector.authoring.importing.merge.folder_merge import MergePlan
    from connector.authoring.importing.merge.record import Source

STDIN = "-"
_MOST_LINES = 20  # of one kind; the report has all


@click.command(
    "import",
    cls=StrictCommand,
    help="Make FOLDER of API descriptions: OpenAPI 3.0, 3.1 or Swagger 2.0, as files or - for stdin. Import again to "
    "bring it up to date: what an author changed stays. Nothing is fetched.",
)
@click.argument("paths", metavar="SPEC... FOLDER", nargs=-1, required=True)
@click.option("--only", multiple=True, metavar="TAG|/PATH", help="Import these alone; * in a path is anything.")
@click.option("--except", "excluded", multiple=True, metavar="TAG|/PATH", help="Leave these out.")
@click.option("--list", "is_list", is_flag=True, help="List the operations of SPEC...; no FOLDER is needed.")
@click.option(
    "--docs", metavar="URL", help="The page of an operation, with {tag}, {METHOD}, {path}, {operationId} in it."
)
@click.option(
    "--keys", type=click.Choice(["id", "summary", "path"]), help="What names the actions; the best one if absent."
)
@click.option("--name", metavar="NAME", help="The connector's name; that of the API if absent.")
@click.option("--base-url", metavar="URL", help="Where the API is, if the description does not say.")
@click.option("--check", is_flag=True, help="Write nothing; exit code 2 if FOLDER is out of date.")
@click.option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write what became of each operation: .md or .json.",
)
@output_option
@global_options
@click.pass_context
def import_command(ctx: click.Context, /, paths: tuple[str, ...], output_format: str, **options: Any) -> int:
    """Make a connector of API descriptions, or bring one up to date."""
    if options["is_list"]:
        description, _ = _read(paths)
        _print_operations(description, output_format)
        return EXIT_DONE
    if len(paths) == 1:
        raise UsageError("name the folder after the descriptions.", hint="connector import openapi.yaml my-api")
    *specs, target = paths
    if Path(target).is_file():
        raise UsageError(f"{target} is a file; the last argument is the folder to write.")
    description, sources = _read(specs)
    imported, plan = _plan(description, sources, Path(target), options)
    is_check = options["check"]
    try:
        if not is_check:
            plan.apply()
        if options["report"] is not None:
            _write_report(imported, options["report"])
    except OSError as error:
        hint = "Check the folder's permissions and the free disk space."
        message = f"{error.filename or target}: {error.strerror}."
        raise StoreError(message, path=str(error.filename or target), hint=hint) from None
    code = EXIT_USAGE if is_check and plan.changes else EXIT_DONE
    with keeping_code(lambda: code):
        _print_result(ctx, imported, plan, output_format, is_check=is_check)
    return code


def _read(specs: Sequence[str]) -> tuple[Description, list[Source]]:
    """Read the descriptions. Raises UsageError."""
    from connector.authoring.importing.description import Description
    from connector.authoring.importing.document import ApiDocument
    from connector.authoring.importing.merge.record import Source

    if list(specs).count(STDIN) > 1:
        raise UsageError("stdin can be read once; give - once.")
    documents, sources = [], []
    for spec in specs:
        if "://" in spec:
            raise UsageError(f"{spec} is a URL; nothing is fetched.", hint="Download it, and pass the file.")
        path = Path(spec)
        try:
            raw = sys.stdin.buffer.read() if spec == STDIN else path.read_bytes()
        except OSError as error:
            raise UsageError(f"{spec} cannot be read: {error.strerror or error}.") from None
        documents.append(ApiDocument.parse(raw, source=spec, folder=None if spec == STDIN else path.parent))
        sources.append(Source.of(path.name, raw))
    return Description(documents), sources


def _plan(
    description: Description, sources: list[Source], folder: Path, options: dict[str, Any]
) -> tuple[Imported, MergePlan]:
    from connector.authoring.importing.importer import ImportOptions, import_description, render_file
    from connector.authoring.importing.merge.folder_merge import MANIFEST, plan_merge
    from connector.authoring.importing.merge.foreign_folder import refuse_other_service
    from connector.authoring.importing.merge.manifest_site import read_manifest, refuse_other_path
    from connector.authoring.importing.merge.record import ImportRecord

    names = ("only", "excluded", "docs", "keys", "name", "base_url")
    former, written = ImportRecord.read(folder), read_manifest(folder)
    refuse_other_path(folder, written, options["base_url"])
    chosen = ImportOptions(**{name: options[name] for name in names}).with_former(former.flags if former else {})
    imported = import_description(description, chosen, written)
    if former is None and MANIFEST in imported.files:
        refuse_other_service(folder, imported.files[MANIFEST].words)
    record = imported.build_record(sources, chosen)
    plan = plan_merge(folder, imported.files, record, render_file, unselected=imported.unselected)
    return imported, plan


def _write_report(imported: Imported, path: Path) -> None:
    import json

    grades = imported.grades
    is_json = path.suffix == ".json"
    text = json.dumps(grades.to_dict(), indent=1, ensure_ascii=False) + "\n" if is_json else grades.to_markdown()
    path.write_text(text, encoding="utf-8")


def _print_operations(description: Description, output_format: str) -> None:
    rows = [
        {"request": one.request, "tags": list(one.tags), "operation_id": one.operation_id, "summary": one.summary}
        for one in description.operations
    ]
    if output_format == "json":
        printer.write_json(rows)
        return
    tags = dict.fromkeys(tag for one in description.operations for tag in one.tags[:1] or ("",))
    for tag in tags:
        own = [one for one in description.operations if (one.tags[:1] or ("",))[0] == tag]
        printer.write_text(f"{tag or 'no tag'} ({len(own)})")
        printer.write_text("\n".join(f"  {one.request}" for one in own))


def _print_result(
    ctx: click.Context, imported: Imported, plan: MergePlan, output_format: str, *, is_check: bool
) -> None:
    from connector.authoring.importing.merge.report import MergeReport

    report = MergeReport.build(plan)
    if output_format == "json":
        printer.write_json(
            {
                "folder": str(plan.folder),
                "changes": {path: change.change for path, change in plan.changes.items()},
                "grades": imported.grades.counts,
                "conflicts": report.conflicts,
                "proposals": report.proposals,
                "remarks": [*report.remarks, *imported.remarks],
            }
        )
        return
    left_out = [one for one in imported.grades.operations if one.action is None]
    _print_lines("left out", [f"{one.request}: {'; '.join(note.reason for note in one.notes)}" for one in left_out])
    _print_lines("yours stays", report.conflicts)
    _print_lines("manifest", report.proposals)
    _print_lines("note", [*report.remarks, *imported.remarks])
    counts = ", ".join(f"{count} {grade}" for grade, count in imported.grades.counts.items() if count)
    operations = format_count(len(imported.grades.operations), "operation")
    printer.write_text(f"{operations}: {counts}." if counts else f"{format_count(imported.events, 'event')}.")
    changed = [f"{count} {kind}" for kind in ("created", "updated", "deleted") if (count := _count(plan, kind))]
    state = f"{', '.join(changed)}" if changed else "everything is up to date"
    printer.write_text(f"{plan.folder}: {state}{' if imported' if is_check and changed else ''}.")
    if not get_meta(ctx, "quiet") and not is_check:
        print_stderr(f"Next: connector lint {plan.folder}, then connector --connector {plan.folder} list")


def _count(plan: MergePlan, kind: str) -> int:
    return sum(change.change == kind for change in plan.changes.values())


def _print_lines(label: str, lines: Sequence[str]) -> None:
    for line in lines[:_MOST_LINES]:
        printer.write_text(f"{label}: {line}")
    if len(lines) > _MOST_LINES:
        printer.write_text(f"{label}: {len(lines) - _MOST_LINES} more; --report has them.")
