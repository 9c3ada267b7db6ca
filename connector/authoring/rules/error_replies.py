"""Rules of error replies: the words of `errors` that have an effect only beside another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.authoring.draft import Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.authoring.draft import ParsedFile
    from connector.authoring.folder_reader import ConnectorFolder
    from connector.definition.manifest import Manifest
    from connector.definition.parsers.strict_yaml import NodePath
    from connector.definition.replies.error_format import ErrorFormat, FailureSign

_SUCCESS = range(200, 300)


def check_error_format(file: ParsedFile[Manifest], _folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that each word of `errors` has an effect."""
    errors = file.model.errors
    yield from _check_failed(errors)
    for word, needed in (("success_codes", "code"), ("hints", "code"), ("unit", "retry_after")):
        if word in errors.model_fields_set and getattr(errors, needed) is None:
            message = f"`errors` has no `{needed}`, which says where a reply has it."
            yield Violation(("errors", word), "no-effect", message, key=True)
    for word in ("code", "message", "fields"):
        paths = getattr(errors, word)
        if isinstance(paths, list) and (not paths or len(set(paths)) < len(paths)):
            yield Violation(("errors", word), "errors", "list each place once, and at least one.")
    if any(path.startswith("header.") for path in errors.field_paths):
        yield Violation(("errors", "fields"), "errors", "a header has no messages of fields; name a place in the body.")
    for index, rule in enumerate(errors.rules):
        statuses = rule.status if isinstance(rule.status, list) else [rule.status]
        if not errors.judges_success and all(status in _SUCCESS for status in statuses):
            message = "no error has this status: say with `failed` or `success_codes` which replies are errors."
            yield Violation(("errors", "rules", index, "status"), "errors", message)


def _has_duplicates(signs: list[FailureSign]) -> bool:
    return any(sign in signs[:index] for index, sign in enumerate(signs))


def _check_failed(errors: ErrorFormat) -> Iterator[Violation]:
    if isinstance(errors.failed, list) and (not errors.failed or _has_duplicates(errors.failed)):
        yield Violation(("errors", "failed"), "errors", "list each sign of a failure once, and at least one.")
    for index, sign in enumerate(errors.failure_signs):
        path: NodePath = ("errors", "failed", index) if isinstance(errors.failed, list) else ("errors", "failed")
        if sign == {}:
            yield Violation(path, "errors", "name a place and its values: {ok: [false]}.")
        for place, values in sign.items() if isinstance(sign, dict) else ():
            if not values:
                yield Violation((*path, place), "errors", "list the values that show a failure.")
    if "success_codes" in errors.model_fields_set and not errors.success_codes:
        yield Violation(("errors", "success_codes"), "errors", "list the codes of success, or remove it.")
