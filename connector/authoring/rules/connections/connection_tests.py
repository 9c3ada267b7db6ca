"""Rules of connection tests: the action exists, only reads, and may be run by the connection type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.authoring.draft import Violation
from connector.core.exchange.plan import compile_action
from connector.core.json_path import get_at_path
from connector.definition.suggest import did_you_mean
from connector.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from connector.authoring.draft import ParsedFile
    from connector.authoring.folder_reader import ConnectorFolder
    from connector.definition.action import Action
    from connector.definition.connection_type import ConnectionTest
    from connector.definition.manifest import Manifest
    from connector.definition.parsers.strict_yaml import NodePath

RULE = "connection-test"


def check_connection_tests(
    file: ParsedFile[Manifest], folder: ConnectorFolder, checkable: Collection[str]
) -> Iterator[Violation]:
    """Check connection tests; `checkable` are the actions without a mistake that a test would repeat."""
    manifest = file.model
    actions = {action_file.model.action: action_file.model for action_file in folder.actions}
    tests: dict[NodePath, ConnectionTest | None] = {("test",): manifest.test}
    tests |= {("connections", name, "test"): owner.test for name, owner in manifest.connections.items()}
    for path, test in tests.items():
        if test is not None and test.action not in folder.action_keys:
            message = f"there is no action {test.action!r}.{did_you_mean(test.action, folder.action_keys)}"
            yield Violation((*path, "action"), RULE, message)
        elif test is not None and test.action in checkable:
            yield from _check_call(path, test, actions[test.action], folder)
    for name in manifest.connections:
        test = manifest.find_connection_test(name)
        allowed_actions = manifest.connections[name].allowed_actions or ()
        are_known = set(folder.action_keys) >= set(allowed_actions)  # else another rule reports it
        if test is not None and test.action in actions and are_known:
            yield from _check_may_run(file, name, actions[test.action])


def _check_call(path: NodePath, test: ConnectionTest, action: Action, folder: ConnectorFolder) -> Iterator[Violation]:
    if action.method != "GET" and not action.read_only:
        message = f"{action.action} may change something; a test is a GET, or a POST with `read_only: true`."
        yield Violation((*path, "action"), RULE, message)
    try:
        compile_action(folder.connector, action.action).validate(test.inputs)
    except InputError as error:
        for problem in error.problems:
            is_given = problem.field in test.inputs
            inside = ("inputs", problem.field) if is_given else ("inputs",) if test.inputs else ()
            yield Violation((*path, *inside), RULE, f"{problem}", key=not is_given)
    example = action.returns.example
    for index, field in enumerate(test.identity_fields):
        if example is not None and get_at_path(example, field) is None:
            yield Violation((*path, "identity_fields", index), RULE, f"the reply of {action.action} has no {field!r}.")


def _check_may_run(file: ParsedFile[Manifest], name: str, action: Action) -> Iterator[Violation]:
    """Report a connection type that may not run its own test."""
    connection_type = file.model.connections[name]
    allowed_actions = connection_type.allowed_actions
    allows = allowed_actions is None or action.action in allowed_actions
    if allows and (action.connections is None or name in action.connections):
        return
    path: NodePath = ("connections", name)
    fix = "add a `test` of its own, or `test: null`."
    if connection_type.test is not None:
        path, fix = (*path, "test"), "choose another action."
    yield Violation(path, RULE, f"{name} may not run {action.action}: {fix}", key=True)
