"""Rules of shared inputs: each is used, and an action that uses one repeats none of its words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.authoring.draft import Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.authoring.draft import ParsedFile
    from connector.authoring.folder_reader import ConnectorFolder
    from connector.definition.action import Action
    from connector.definition.manifest import Manifest

RULE = "no-effect"


def check_shared_inputs(file: ParsedFile[Manifest], folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that each shared input is used by an action, and uses none itself."""
    used = {field.use for action in folder.actions for field in action.model.inputs.values()}
    for key, field in file.model.inputs.items():
        if key not in used and folder.are_actions_valid:
            yield Violation(("inputs", key), RULE, "no action says `use` of it; remove it.", key=True)
        if field.use is not None:
            message = "a shared input has all its words itself; only an action's may `use` one."
            yield Violation(("inputs", key, "use"), RULE, message, key=True)


def check_changed_words(file: ParsedFile[Action], folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that the words beside `use` differ from those of the shared input."""
    shared = folder.manifest_or_blank.shared_words
    for key, field in file.model.inputs.items():
        written = (file.document.data or {}).get("inputs", {}).get(key)
        words = shared.get(field.use or "")
        if words is None or not isinstance(written, dict):
            continue
        for word, value in written.items():
            if word in words and words[word] == value:
                message = f"the shared input {field.use!r} says so already; remove it."
                yield Violation(("inputs", key, word), RULE, message, key=True)
