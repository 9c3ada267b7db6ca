"""Import of whole API descriptions: `python -m benchmarks importing [--calls N] [--seed N] DESCRIPTIONS...`.

Each argument is a description, a folder of documents that make one, or a folder of such folders. Of each the table has
the grades of its operations, the findings of lint, times and memory. Then each action is run dry, and its JSON body
held to the request schema of its description; N of all the actions, drawn by the seed, run in their sandboxes too.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import resource
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from connector.authoring.importing.action_examples import iter_action_examples
from connector.authoring.importing.description import Description
from connector.authoring.importing.document import ApiDocument
from connector.authoring.importing.importer import ImportOptions, import_description, render_file
from connector.authoring.importing.merge.folder_merge import plan_merge
from connector.authoring.importing.requests.body_judge import SEVERAL, BodyJudge
from connector.authoring.lint import lint
from connector.authoring.rules.examples import prepare_inputs
from connector.definition.loader import Connector
from connector.errors import ConnectorError, NotFound, UsageError
from connector.sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from connector.authoring.importing.description import Operation
    from connector.runtime.client.client import Client

SUFFIXES = (".json", ".yaml", ".yml")
HEADS = (
    "description", "operations", "whole", "opaque", "lost", "not runnable", "errors of lint", "advice", "import, s",
    "lint, s", "memory, MB",
)  # fmt: skip


class Measured(NamedTuple):
    """A description that was imported: the cells of its row, and the request lines and keys of its actions."""

    cells: tuple[Any, ...]
    actions: dict[str, str]


class Outcome(NamedTuple):
    """What came of calls of actions, and of the JSON bodies that they sent: how many, and the reasons of the rest."""

    runs: Counter[str]
    bodies: Counter[str]
    reasons: list[str]


def find_descriptions(paths: Sequence[Path]) -> Iterator[Path]:
    """Yield the descriptions of paths: files, and folders that have documents or else folders of them."""
    for path in paths:
        if path.is_file() or any(file.suffix in SUFFIXES for file in path.iterdir()):
            yield path
        else:
            yield from find_descriptions(sorted(inner for inner in path.iterdir() if inner.is_dir()))


def read_description(path: Path) -> Description:
    """Read a description; of a folder, each file that is one is a document of it."""
    if path.is_file():
        return Description.read(path)
    documents = []
    for file in sorted(file for file in path.iterdir() if file.suffix in SUFFIXES):
        with contextlib.suppress(UsageError):
            documents.append(ApiDocument.read(file))
    return Description(documents)


def measure(path: Path, folder: Path) -> Measured:
    """Import a description into a folder, and lint it."""
    started = time.perf_counter()
    imported = import_description(read_description(path), ImportOptions())
    plan_merge(folder, imported.files, imported.build_record([], ImportOptions()), render_file).apply()
    written = time.perf_counter()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    findings = lint(folder)
    linted = time.perf_counter()
    errors = sum(finding.voice == "error" for finding in findings)
    operations, grades = imported.grades.operations, imported.grades.counts
    times = (f"{written - started:.1f}", f"{linted - written:.1f}")
    cells = (path.stem, len(operations), *grades.values(), errors, len(findings) - errors, *times, memory)
    return Measured(cells, {one.request: one.action for one in operations if one.action})


def call_actions(path: Path, folder: Path, actions: dict[str, str], drawn: set[str]) -> Outcome:
    """Hold the bodies of actions to the description, and run those that are drawn.

    Each runs in a sandbox of its own, as another may delete its record.
    """
    operations = {one.request: one for one in read_description(path).operations}
    connector = Connector.open(folder)
    outcome = Outcome(Counter(), Counter(), [])
    judges: dict[int, BodyJudge] = {}
    for request, key in actions.items():
        operation = operations[request]
        judge = judges.setdefault(id(operation.document), BodyJudge(operation.document))
        with Sandbox(connector).open_client() as client:
            told = _call(client, connector, key, operation, judge, is_run=request in drawn)
        for counter, said in zip(outcome[:2], told, strict=True):
            kind, _, reason = said.partition(": ")
            counter.update([kind] if kind else [])
            if reason:
                outcome.reasons.append(f"{path.stem} {key}: {kind}: {reason}")
    return outcome


def _call(
    client: Client, connector: Connector, key: str, operation: Operation, judge: BodyJudge, *, is_run: bool
) -> tuple[str, str]:
    """Return what came of a call, and of its JSON body, each empty where there is none; reasons stand after a colon."""
    action = connector.action(key)
    example = next(iter(action.examples.values()), None) if action.examples else None
    made = (
        next(iter_action_examples(connector.manifest, action), None) if example is None else {"inputs": example.inputs}
    )
    if made is None:
        return ("no inputs: none were found that are valid" if is_run else ""), ""
    inputs = prepare_inputs(action, made["inputs"])
    try:
        body = client.dry_run(key, inputs).body
    except ConnectorError as error:
        return (f"no inputs: {error}"[:300] if is_run else ""), ""
    ran = _run(client, key, inputs) if is_run else ""
    if body is None or body.kind != "json" or operation.body is None:
        return ran, ""
    return ran, _judge_body(judge, operation.body.schema, body.value)


def _run(client: Client, key: str, inputs: dict[str, Any]) -> str:
    try:
        client.run(key, inputs)
    except NotFound as error:
        return f"no such record: {error}"[:300]  # the sandbox keeps records, and has none of this id
    except ConnectorError as error:
        return f"failed: {type(error).__name__}: {error}"[:300]
    return "done"


def _judge_body(judge: BodyJudge, schema: dict[str, Any], body: Any) -> str:
    """Hold a body to the schema of a request; `ambiguous` is what fits several objects of which it may be one."""
    try:
        misfit = judge.find_misfit(schema, body)
    except ValueError as error:
        return f"not judged: {error}"[:300]
    if misfit is None:
        return "valid"
    return f"{'ambiguous' if SEVERAL in misfit else 'invalid'}: {misfit}"[:300]


def draw(measured: dict[Path, Measured], count: int, seed: int) -> dict[Path, set[str]]:
    """Return which operations of each description are called: `count` of all, by chance."""
    pairs = [(path, request) for path, one in measured.items() for request in one.actions]
    drawn: dict[Path, set[str]] = {}
    for path, request in random.Random(seed).sample(pairs, min(count, len(pairs))):
        drawn.setdefault(path, set()).add(request)
    return drawn


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table, and what came of the calls."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks importing", description=__doc__)
    parser.add_argument("descriptions", nargs="+", type=Path)
    parser.add_argument("--calls", type=int, default=1000, metavar="N", help="how many actions are called (1000)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="what they are drawn by (1)")
    parser.add_argument("--reasons", action="store_true", help="print each call that was not done, and why")
    asked = parser.parse_args(arguments)
    print(f"| {' | '.join(HEADS)} |\n|{'---|' * len(HEADS)}")
    fresh = get_context("spawn")  # each description in a process of its own, so that memory is its own
    with tempfile.TemporaryDirectory() as name, ProcessPoolExecutor(1, fresh, max_tasks_per_child=1) as pool:
        folders = {path: Path(name) / str(number) for number, path in enumerate(find_descriptions(asked.descriptions))}
        measured: dict[Path, Measured] = {}
        for path, folder in folders.items():
            measured[path] = pool.submit(measure, path, folder).result()
            print(f"| {' | '.join(map(str, measured[path].cells))} |", flush=True)
        totals = [sum(one.cells[place] for one in measured.values()) for place in range(1, 8)]
        print(f"| all | {' | '.join(map(str, totals))} | | | |", flush=True)
        outcome = Outcome(Counter(), Counter(), [])
        drawn = draw(measured, asked.calls, asked.seed)
        for path, imported in measured.items():
            one = pool.submit(call_actions, path, folders[path], imported.actions, drawn.get(path, set())).result()
            outcome.runs.update(one.runs)
            outcome.bodies.update(one.bodies)
            outcome.reasons.extend(one.reasons)
    for what, counter in (("calls", outcome.runs), ("JSON bodies", outcome.bodies)):
        print(
            f"\n{counter.total():,} {what}: {', '.join(f'{count:,} {kind}' for kind, count in counter.most_common())}."
        )
    if asked.reasons:
        print("\n" + "\n".join(outcome.reasons))


if __name__ == "__main__":
    main()
