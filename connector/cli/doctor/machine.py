"""The machine and the installation."""

from __future__ import annotations

import platform
import sys
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from connector._version import __version__
from connector.cli.doctor.diagnosis import OK, Diagnosis
from connector.first_use import prepare_pattern
from connector.runtime.process.extras import build_install_hint

if TYPE_CHECKING:
    from collections.abc import Iterator

_EXTRAS = ("sql", "crypto", "server", "console", "mcp", "excel", "parquet", "otel")  # those that commands use
_REQUIREMENT = prepare_pattern(r"([A-Za-z0-9._-]+)(?:\[[^\]]*\])?\s*[^;]*;.*\bextra == ['\"]([a-z0-9_-]+)['\"]")


def check_installation() -> Iterator[Diagnosis]:
    """Yield Python, the package, and which extras are complete."""
    yield Diagnosis("python", OK, f"Python {platform.python_version()} on {platform.platform(terse=True)}")
    yield Diagnosis("version", OK, f"connector {__version__} in {Path(__file__).parents[2]}, run by {sys.executable}")
    missing = {extra: packages for extra, packages in _read_missing_packages().items() if extra in _EXTRAS}
    complete = [extra for extra in _EXTRAS if extra not in missing]
    text = f"Installed extras: {', '.join(complete) or 'none'}"
    if missing:
        text += f". Not installed: {', '.join(missing)}"
    yield Diagnosis("extras", OK, text, build_install_hint(",".join(missing)) if missing else "")


def _read_missing_packages() -> dict[str, list[str]]:
    """Return the packages of each extra that are not installed, and the extras that this version does not have."""
    try:
        requirements = metadata.requires("connector") or []
        declared = metadata.metadata("connector").get_all("Provides-Extra") or []
    except metadata.PackageNotFoundError:  # run from a folder
        return {}
    missing: dict[str, list[str]] = {extra: [] for extra in _EXTRAS if extra not in declared}
    for requirement in requirements:
        match = _REQUIREMENT.match(requirement)
        if match and match[1] != "connector" and not _is_installed(match[1]):
            missing.setdefault(match[2], []).append(match[1])
    return missing


def _is_installed(package: str) -> bool:
    try:
        metadata.version(package)
    except metadata.PackageNotFoundError:
        return False
    return True
