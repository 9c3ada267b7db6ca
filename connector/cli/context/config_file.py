"""Files of settings: this user's own, and the project file `connector.yaml`, each with profiles."""

from __future__ import annotations

from dataclasses import field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from connector.core.secrets.names import is_secret_name
from connector.definition.suggest import did_you_mean
from connector.errors import DefinitionError, InputError, Problem
from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from connector.definition.parsers.strict_yaml import Document, NodePath
    from connector.errors import Finding

PROJECT_FILE_NAME = "connector.yaml"
PROFILES = "profiles"
LOG_FORMATS = ("text", "json")
OUTPUT_FORMATS = ("json", "yaml", "table", "lines", "text", "csv")
SETTING_KEYS = ("connector", "output", "connection", "base_url", "plan", "budget", "timeout", "store", "store_key_file",
                "inbox", "bulk", "runs", "runs_keep", "records", "records_keep", "log_format")  # fmt: skip
PROJECT_KEYS = ("connector", "connection", "plan", "store", "records", "runs", "output", "timeout")
DATABASE_SETTINGS = ("store", "inbox", "bulk", "runs", "records")  # URLs that may hold a password
_FILE_SCHEMES = ("sqlite:///", "file:")


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """The settings of a file, and those of each profile, checked; `is_project` is one that others may have written."""

    path: Path
    is_project: bool = False
    values: Mapping[str, Any] = field(default_factory=dict)
    profiles: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What the file is called as a source of settings."""
        return f"{'project' if self.is_project else 'config'} file {self.path}"


def read_config_file(path: Path, *, is_project: bool = False) -> ConfigFile:
    """Read a file of settings, empty if there is none. Raises DefinitionError with every problem and its line."""
    if not path.exists():
        return ConfigFile(path, is_project)
    from connector.definition.loader import read_bytes

    return parse_config(read_bytes(path), path, is_project=is_project)


def parse_config(raw: bytes, path: Path, *, is_project: bool) -> ConfigFile:
    """Parse the text of a file of settings. Raises DefinitionError with every problem and its line."""
    from connector.definition.parsers import strict_yaml

    document = strict_yaml.read(raw, str(path))
    if document.data is None:
        return ConfigFile(path, is_project)
    checker = _Checker(document, path, is_project=is_project)
    findings = list(checker.check_file())
    if findings:
        raise DefinitionError.from_findings(sorted(findings))
    profiles = document.data.pop(PROFILES, {})
    return ConfigFile(
        path, is_project, checker.resolve(document.data),
        {name: checker.resolve(values or {}) for name, values in profiles.items()},
    )  # fmt: skip


def find_problem(key: str, value: Any) -> Problem | None:
    """Return what is wrong with the value of a setting, or None."""
    if key == "output" and value not in OUTPUT_FORMATS:
        near = did_you_mean(str(value), OUTPUT_FORMATS).strip()
        return Problem(key, _show(value), f"one of {', '.join(OUTPUT_FORMATS)}", near)
    if key == "log_format" and value not in LOG_FORMATS:
        return Problem(key, _show(value), f"one of {', '.join(LOG_FORMATS)}")
    if key in ("timeout", "runs_keep", "records_keep"):
        return _find_timeout_problem(key, value)
    if not isinstance(value, str) or not value:
        return Problem(key, _show(value), "a non-empty text")
    return None


def has_password(url: str) -> bool:
    """Whether the URL of a database holds a password."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "@" in url
    return bool(parts.password) or any(name.lower().endswith("password") for name, _ in parse_qsl(parts.query))


def _show(value: Any) -> str:
    return "a mapping" if isinstance(value, dict) else "a list" if isinstance(value, list) else repr(value)


def _find_timeout_problem(key: str, value: Any) -> Problem | None:
    from connector.runtime.calls.call_options import parse_timeout

    try:
        parse_timeout(value)
    except InputError as error:
        return replace(error.problems[0], field=key)
    return None


class _Checker:
    """Checks the settings of one file, and those of its profiles."""

    def __init__(self, document: Document, path: Path, *, is_project: bool) -> None:
        self._document, self._path, self._is_project = document, path, is_project
        self._keys = PROJECT_KEYS if is_project else SETTING_KEYS

    def check_file(self) -> Iterator[Finding]:
        """Yield every problem of the file."""
        data = self._document.data
        if not isinstance(data, dict):
            message = f"expected a mapping of {', '.join((*self._keys, PROFILES))}."
            yield self._document.build_finding((), "config", message)
            return
        yield from self._check_values((), {key: value for key, value in data.items() if key != PROFILES})
        profiles = data.get(PROFILES, {})
        if not isinstance(profiles, dict):
            yield self._document.build_finding(
                (PROFILES,), "config", "profiles: expected a mapping of names to settings."
            )
            return
        for name, values in profiles.items():
            if isinstance(values, dict):
                yield from self._check_values((PROFILES, name), values)
            elif values is not None:
                message = f"profile {name!r}: expected a mapping of settings."
                yield self._document.build_finding((PROFILES, name), "config", message)

    def _check_values(self, place: NodePath, values: Mapping[str, Any]) -> Iterator[Finding]:
        for key, value in values.items():
            path = (*place, key)
            if key not in self._keys:
                rule = "owner-alone" if self._is_project and key in SETTING_KEYS else "unknown-word"
                rule = "secret" if rule == "unknown-word" and is_secret_name(key) else rule
                yield self._document.build_finding(path, rule, self._describe_key(key, place), key=True)
                continue
            problem = find_problem(key, value)
            if problem is not None:
                message = str(problem)
                yield self._document.build_finding(path, "config", message)
            elif (
                self._is_project
                and key in ("connector", *DATABASE_SETTINGS)
                and (reason := self._find_reach(key, value))
            ):
                yield self._document.build_finding(path, "owner-alone", f"{key}: {reason}")

    def _describe_key(self, key: str, place: NodePath) -> str:
        """Return why a word is none of this file."""
        if self._is_project and key in SETTING_KEYS:
            return (
                f"{key} is for whoever runs the command, not for a project file. Set it in your own config file: "
                f"connector config set {key} VALUE --user"
            )
        if is_secret_name(key):
            return (
                f"{key} looks like a secret, and none may stand here. Remove it, and change it if others have seen it: "
                "'connector connect' keeps a connection, 'connector config' lists the variables of the environment."
            )
        known = self._keys if place else (*self._keys, PROFILES)
        return f"Unknown setting {key!r}.{did_you_mean(key, known)} Known: {', '.join(known)}."

    def _find_reach(self, key: str, value: str) -> str:
        """Return why a value reaches out of the folder of a project file; empty where it does not."""
        if not self._is_project or key not in ("connector", *DATABASE_SETTINGS):
            return ""
        written = next((value.removeprefix(scheme) for scheme in _FILE_SCHEMES if value.startswith(scheme)), None)
        if key in DATABASE_SETTINGS and written is None:
            where = f"CONNECTOR_{key.upper()}, CONNECTOR_{key.upper()}_FILE or your own config file"
            return f"expected sqlite:///PATH or file:PATH below this folder; name any other place in {where}."
        folder = self._path.parent.resolve()
        if not (folder / Path(written or value).expanduser()).resolve().is_relative_to(folder):
            other = f"give --{key}" if key in ("connector", "store") else f"set CONNECTOR_{key.upper()}"
            return f"expected a path below {folder}: a project file reaches no further; {other} for any other."
        return ""

    def resolve(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the settings with their paths below the file's folder."""
        resolved = dict(values)
        if "connector" in resolved:
            beside = self._path.parent / Path(resolved["connector"]).expanduser()
            is_name = len(Path(resolved["connector"]).parts) == 1 and not beside.exists()
            resolved["connector"] = resolved["connector"] if is_name else str(beside)  # a name is of an installed one
        for key in DATABASE_SETTINGS if self._is_project else ():
            for scheme in _FILE_SCHEMES:
                if str(resolved.get(key, "")).startswith(scheme):
                    path = self._path.parent.resolve() / resolved[key].removeprefix(scheme)
                    resolved[key] = f"{scheme}{path}"
        return resolved


def config_path() -> Path:
    """Return the path of this user's config file, which may not exist."""
    from platformdirs import user_config_path

    return user_config_path("connector", appauthor=False) / "config.yaml"
