"""What version of this package a connector needs: `>=0.2`, or `>=0.2,<1`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from connector._version import __version__

if TYPE_CHECKING:
    from connector.definition.parsers.strict_yaml import Document
    from connector.errors import Finding

REQUIREMENT_PATTERN = r"^>=\d+(\.\d+){0,2}(,\s*<\d+(\.\d+){0,2})?$"


def is_met(requirement: str, version: str) -> bool:
    """Whether a version is in the range of a requirement; what follows its three numbers, as `rc1`, is left out."""
    lowest, _, limit = requirement.removeprefix(">=").partition(",")
    numbers = _read_numbers(version)
    return _read_numbers(lowest) <= numbers and (not limit or numbers < _read_numbers(limit.strip().removeprefix("<")))


def _read_numbers(version: str) -> tuple[int, ...]:
    parts = ["".join(character for character in part if character.isdigit()) or "0" for part in version.split(".")[:3]]
    return tuple(map(int, [*parts, "0", "0"][:3]))


def find_unmet_requirement(manifest: Document) -> Finding | None:
    """Return the finding of a manifest that needs another version of this package; its words may be newer."""
    required = manifest.data.get("requires") if isinstance(manifest.data, dict) else None
    if not isinstance(required, str) or not re.match(REQUIREMENT_PATTERN, required) or is_met(required, __version__):
        return None
    message = f"this connector needs connector {required}; this is {__version__}."
    return manifest.build_finding(("requires",), "requires", message)
