"""The actions of all operations and the types that they name, each held to the rules of lint."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from connector.authoring.importing.building.named_types import REFUSED, fold_type
from connector.authoring.importing.building.site import NotRunnableError
from connector.authoring.importing.building.verification import Verifier, verify_types
from connector.authoring.importing.building.words import sort_input_words
from connector.authoring.importing.grades import Note, OperationGrade
from connector.authoring.importing.yaml_writer import write_yaml
from connector.definition.parsers.strict_yaml import MAX_FILE_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from connector.authoring.importing.building.actions import ActionBuilder, ActionDraft
    from connector.authoring.importing.building.named_types import NamedTypes
    from connector.authoring.importing.building.words import Words
    from connector.authoring.importing.description import Operation


def build_actions(
    operations: Sequence[Operation],
    keys: Mapping[str, str],
    builder: ActionBuilder,
    types: NamedTypes,
    manifest: Words,
) -> tuple[list[ActionDraft], list[OperationGrade]]:
    """Return the actions that can be made, and the grade of each operation; one that fails stops no other.

    Types are complete only when all actions have asked for theirs, so actions are held to the rules after that.
    """
    failed: dict[str, str] = {}
    built = [
        draft
        for one in operations
        if (draft := _attempt(partial(builder.build, one, keys[one.request]), one.request, failed))
    ]
    verify_types(types, manifest)
    verifier = Verifier(manifest, types.words)
    by_request = {operation.request: operation for operation in operations}
    drafts = [
        draft
        for one in built
        if (
            draft := _attempt(partial(_hold_action, one, by_request[one.request], verifier, types), one.request, failed)
        )
    ]
    held = {draft.request: draft for draft in drafts}
    return drafts, [_grade(one.request, held.get(one.request), failed) for one in operations]


def _attempt(make: Callable[[], ActionDraft], request: str, failed: dict[str, str]) -> ActionDraft | None:
    try:
        return make()
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        failed[request] = str(error) if isinstance(error, NotRunnableError) else f"{type(error).__name__}: {error}"
        return None


def _hold_action(draft: ActionDraft, operation: Operation, verifier: Verifier, types: NamedTypes) -> ActionDraft:
    words = draft.words
    for name in types.removed:
        folded = fold_type(words, name)
        if folded != words:
            draft.remarks.fold(name, REFUSED)
            words = folded
    words = verifier.add_example(verifier.verify(words, draft.remarks), operation, draft.remarks)
    if "inputs" in words:
        words["inputs"] = {name: sort_input_words(field) for name, field in words["inputs"].items()}
    if len(write_yaml(words).encode()) > MAX_FILE_BYTES:
        raise NotRunnableError(f"its file would have more than {MAX_FILE_BYTES:,} bytes")
    for name in types.list_used(words):
        draft.remarks.add(types.remarks[name])
    return draft._replace(words=words)


def _grade(request: str, draft: ActionDraft | None, failed: Mapping[str, str]) -> OperationGrade:
    if draft is None:
        return OperationGrade(request, None, (Note("not runnable", "request", failed[request]),))
    return OperationGrade(request, draft.key, tuple(draft.remarks.notes), tuple(draft.remarks.guesses))
