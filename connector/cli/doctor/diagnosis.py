"""One line of a diagnosis: what was looked at, how it is, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from connector.cli.output.error_output import to_connector_error
from connector.core import redaction
from connector.errors import ConnectorError, DefinitionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

OK, WARN, FAIL = "ok", "warn", "fail"


class Diagnosis(NamedTuple):
    """`status` is ok, warn or fail; `fix` says what to do, and is empty where nothing is."""

    name: str
    status: str
    message: str
    fix: str = ""


def run_checks(name: str, find: Callable[[], Iterable[Diagnosis]]) -> Iterator[Diagnosis]:
    """Yield what a function finds; an error of it is a check that failed. No secret is in any of it."""
    redactor = redaction.default_redactor()
    checks: list[Diagnosis] = []
    try:
        checks.extend(find())  # what was found before an error stays
    except (ConnectorError, OSError) as error:
        checks.extend(_tell(name, to_connector_error(error)))
    for check in checks:
        yield check._replace(message=redactor.redact_text(check.message), fix=redactor.redact_text(check.fix))


def _tell(name: str, error: ConnectorError) -> Iterator[Diagnosis]:
    """Yield an error as checks that failed; each problem of inputs is one of the settings."""
    problems = getattr(error, "problems", ())
    for problem in problems:
        message = f"{problem.field}: got {problem.got}; expected {problem.expected}"
        yield Diagnosis("settings", FAIL, message, f"{problem.fix[:1].upper()}{problem.fix[1:]}")
    if not problems:
        fix = error.hint or ("Correct that file." if isinstance(error, DefinitionError) else "")
        yield Diagnosis(name, FAIL, str(error.args[0]), fix)
