"""Rules of the calls that test a connection: they exist, change nothing, and fit the kinds that make them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.authoring.draft import Mistake
from connector.core.exchange.plan import plan
from connector.core.json_path import dig
from connector.definition.suggest import did_you_mean
from connector.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from connector.authoring.draft import Draft
    from connector.authoring.folder_reader import Sources
    from connector.definition.action import Action
    from connector.definition.manifest import Manifest, Probe
    from connector.definition.strict_yaml import Path

RULE = "connection-test"


def connection_tests(draft: Draft[Manifest], sources: Sources, sound: Collection[str]) -> Iterator[Mistake]:
    """Check the calls that test connections; `sound` are the actions without a mistake that would only be repeated."""
    manifest = draft.model
    actions = {one.model.action: one.model for one in sources.actions}
    tests: dict[Path, Probe | None] = {("test",): manifest.test}
    tests |= {("connections", name, "test"): kind.test for name, kind in manifest.connections.items()}
    for path, probe in tests.items():
        if probe is not None and probe.action not in sources.keys:
            message = f"there is no action {probe.action!r}.{did_you_mean(probe.action, sources.keys)}"
            yield Mistake((*path, "action"), RULE, message)
        elif probe is not None and probe.action in sound:
            yield from _call(path, probe, actions[probe.action], sources)
    for name in manifest.connections:
        probe = manifest.test_of(name)
        only = manifest.connections[name].only or ()
        if probe is not None and probe.action in actions and set(sources.keys) >= set(only):  # else another rule tells
            yield from _may_run(draft, name, actions[probe.action])


def _call(path: Path, probe: Probe, action: Action, sources: Sources) -> Iterator[Mistake]:
    if action.method != "GET":
        yield Mistake((*path, "action"), RULE, f"{action.action} may change something: a test is a GET.")
    try:
        plan(sources.connector, action.action).check(probe.given)
    except InputError as error:
        for problem in error.problems:
            there = problem.field in probe.given
            where = (*path, "given", problem.field) if there else (*path, "given") if probe.given else path
            yield Mistake(where, RULE, f"{problem}", key=not there)
    example = action.returns.example
    for place, field in enumerate(probe.shows):
        if example is not None and dig(example, field) is None:
            yield Mistake((*path, "shows", place), RULE, f"{action.action} brings back no {field!r}.")


def _may_run(draft: Draft[Manifest], name: str, action: Action) -> Iterator[Mistake]:
    """Tell of a kind that may not make the call that tests it."""
    kind = draft.model.connections[name]
    allowed = (kind.only is None or action.action in kind.only) and (
        action.connections is None or name in action.connections
    )
    if allowed:
        return
    path: Path = ("connections", name)
    fix = "name another action." if kind.test is not None else "give it a `test` of its own, or `test: null`."
    where = (*path, "test") if kind.test is not None else path
    yield Mistake(where, RULE, f"{name} may not run {action.action}: {fix}", key=True)
