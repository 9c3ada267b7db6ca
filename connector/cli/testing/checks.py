"""Checks of a connector: one example, reply, resource or recorded call each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.authoring.rules.examples import check_example
from connector.authoring.rules.replies import check_reply
from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.authoring.folder_reader import ConnectorFolder
    from connector.errors import Finding


@dataclass(frozen=True, slots=True)
class Check:
    """One check: what was checked, and what is wrong with it. Notes are worth knowing, and no failure."""

    kind: str
    subject: str
    problems: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_passed(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


def iter_example_checks(folder: ConnectorFolder) -> Iterator[Check]:
    """Run the examples of every action."""
    for file in folder.actions:
        for name in file.model.examples:
            problems = file.to_findings(check_example(file.model, folder, name))
            yield Check("example", f"{file.model.action}: {name}", tuple(problems))


def iter_reply_checks(folder: ConnectorFolder) -> Iterator[Check]:
    """Run the replies of the manifest's errors, and those of every action."""
    manifest = folder.manifest
    for index, example in enumerate(manifest.model.errors.replies if manifest else ()):
        assert manifest is not None
        problems = manifest.to_findings(check_reply(None, folder, ("errors", "replies", index), example))
        yield Check("reply", f"errors: {example.title(index)}", tuple(problems))
    for file in folder.actions:
        for index, example in enumerate(file.model.replies):
            problems = file.to_findings(check_reply(file.model, folder, ("replies", index), example))
            yield Check("reply", f"{file.model.action}: {example.title(index)}", tuple(problems))
