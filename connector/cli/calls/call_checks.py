"""The checks of a call file: every call of it, before the first is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.errors import ConnectorError, InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.cli.calls.call import CallTask
    from connector.cli.calls.call_list import CallList
    from connector.cli.calls.download_task import DownloadTask


def check_calls(tasks: CallList, *checks: Callable[[CallTask | DownloadTask], object]) -> None:
    """Run the checks on every call of a file. Raises one error with the problems of all."""
    problems: list[Problem] = []
    others: dict[str, tuple[CallTask | DownloadTask, ConnectorError]] = {}
    for task in tasks.calls:
        for check in checks:
            try:
                check(task)
            except ConnectorError as error:
                if isinstance(error, InputError) and error.problems:
                    problems += [_locate(task, problem) for problem in error.problems]
                else:
                    others.setdefault(str(error), (task, error))
    if len(others) == 1 and not problems:
        raise next(iter(others.values()))[1]
    problems += [_locate(task, _to_problem(task, error)) for task, error in others.values()]
    if problems:
        raise InputError.from_problems(str(tasks.file), list(dict.fromkeys(problems)))


def _locate(task: CallTask | DownloadTask, problem: Problem) -> Problem:
    locate = getattr(task, "locate", None)
    return locate(problem) if locate is not None else problem


def _to_problem(task: CallTask | DownloadTask, error: ConnectorError) -> Problem:
    name = task.options.connection
    field, expected = ("connection", "a connection that can be used") if name else ("action", "a call that can be made")
    return Problem(field, repr(name or task.action), expected, f"{error.args[0]} {error.hint}".strip())
