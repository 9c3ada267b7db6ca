"""Settings: flag > environment > the file that NAME_FILE names > profile > project file > config file > default."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connector.cli.context.config_file import (
    DATABASE_SETTINGS,
    config_path,
    find_problem,
    has_password,
    read_config_file,
)
from connector.cli.context.project import find_project_file
from connector.core.secrets.span import MASK
from connector.definition.lazy import cached_property
from connector.definition.suggest import did_you_mean
from connector.errors import InputError, Problem
from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.cli.context.config_file import ConfigFile

DEFAULT_VALUES = {"output": "json", "runs_keep": "30d", "records_keep": "30d", "log_format": "text"}
_VARIABLE_NAMES = {
    "profile": "CONNECTOR_PROFILE",
    "connector": "CONNECTOR_PATH",
    "output": "CONNECTOR_OUTPUT",
    "connection": "CONNECTOR_CONNECTION",
    "timeout": "CONNECTOR_TIMEOUT",
    "store": "CONNECTOR_STORE",
    "store_key_file": "CONNECTOR_KEY_FILE",
    "inbox": "CONNECTOR_INBOX",
    "bulk": "CONNECTOR_BULK",
    "runs": "CONNECTOR_RUNS",
    "runs_keep": "CONNECTOR_RUNS_KEEP",
    "records": "CONNECTOR_RECORDS",
    "records_keep": "CONNECTOR_RECORDS_KEEP",
    "log_format": "CONNECTOR_LOG_FORMAT",
}
_FLAG_NAMES = {"base_url": "--base-url", "bulk": "--on", "store_key_file": "--store-key-file",
               "log_format": "--log-format"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting: name, value (None if unset) and source, which may be a project file."""

    name: str
    value: Any
    source: str
    is_of_project: bool = False

    @property
    def is_set(self) -> bool:
        """Whether it is set, rather than a default."""
        return self.source not in ("default", "")


class Settings:
    """Settings from flags, environment and config file; a flag that is None was not given."""

    def __init__(self, flags: Mapping[str, Any], environ: Mapping[str, str] | None = None) -> None:
        self._flags = flags
        self._environ = os.environ if environ is None else environ

    def get(self, key: str, variable: str | None = None) -> Setting:
        """Return a setting; `variable` is its environment variable if that depends on the connector.

        Raises InputError for an invalid value, DefinitionError for an invalid config file.
        """
        if self._flags.get(key) is not None:
            source = f"flag {flag_of(key)}"
            return _reject_password(_check_setting(Setting(key, self._flags[key], source)))
        name = variable or _VARIABLE_NAMES.get(key, "")
        value_and_source = self.read_variable(name)
        if value_and_source is not None:
            return _check_setting(Setting(key, *value_and_source))
        for source_name, values, is_project in self._layers if key != "profile" else ():
            if key in values:
                return Setting(key, values[key], source_name, is_project)
        return Setting(key, DEFAULT_VALUES.get(key), "default")

    @property
    def profile(self) -> Setting:
        """The name of the profile that was chosen, None for none."""
        return self.get("profile")

    def read_variable(self, name: str) -> tuple[str, str] | None:
        """Return value and source of a variable, or of the file that NAME_FILE names; empty is unset."""
        if self._environ.get(name):
            return self._environ[name], f"environment {name}"
        path = self._environ.get(f"{name}_FILE") if name else None
        if not path:
            return None
        try:
            return Path(path).read_text(encoding="utf-8").strip(), f"file {path}, named by {name}_FILE"
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "not UTF-8 text"
            problem = Problem(f"{name}_FILE", path, f"a readable file: {reason}", "name another file, or unset it")
            raise InputError.from_problems("settings", [problem], undone="done") from None

    @cached_property
    def project_file(self) -> Path | None:
        """The project file of the current folder, or None."""
        return find_project_file()

    @cached_property
    def project(self) -> ConfigFile | None:
        """The project file's settings, as they were read once."""
        return None if self.project_file is None else read_config_file(self.project_file, is_project=True)

    @cached_property
    def _layers(self) -> list[tuple[str, Mapping[str, Any], bool]]:
        """The settings of files, the strongest first, each with its source and whether a project file says so."""
        files = [*filter(None, (self.project,)), read_config_file(config_path())]
        layers = [(file.name, file.values, file.is_project) for file in files]
        name, source = self._find_profile()
        if name is None:
            return layers
        chosen = [
            (f"profile {name} of {file.name}", file.profiles[name], file.is_project)
            for file in files
            if name in file.profiles
        ]
        if not chosen:
            known = list(dict.fromkeys(one for file in files for one in file.profiles))
            fix = did_you_mean(name, known).strip() or f"the profiles are {', '.join(known) or 'none'}"
            expected = f"a profile of {' or '.join(file.name for file in files)}"
            raise InputError.from_problems("settings", [Problem(source, repr(name), expected, fix)], undone="done")
        return chosen + layers

    def _find_profile(self) -> tuple[str | None, str]:
        """Return the name of the chosen profile, and the flag or variable that says so."""
        if self._flags.get("profile") is not None:
            return str(self._flags["profile"]), "--profile"
        found = self.read_variable(_VARIABLE_NAMES["profile"])
        return (found[0], _VARIABLE_NAMES["profile"]) if found else (None, "")


def flag_of(key: str) -> str:
    """Return the flag of a setting."""
    return _FLAG_NAMES.get(key, f"--{key}")


def _check_setting(setting: Setting) -> Setting:
    """Return the setting. Raises InputError that names the source of an invalid value."""
    problem = find_problem(setting.name, setting.value)
    if problem is not None:
        field = setting.source.rpartition(" ")[2]
        problem = Problem(field, problem.got, problem.expected, problem.fix)
        raise InputError.from_problems("settings", [problem], undone="done")
    return setting


def _reject_password(setting: Setting) -> Setting:
    """Return a flag's setting. Raises InputError for a URL with a password, which other users could see."""
    if setting.name in DATABASE_SETTINGS and has_password(setting.value):
        variable = _VARIABLE_NAMES[setting.name]
        fix = f"set {variable}, or name a file that holds the URL in {variable}_FILE"
        expected = "a URL without a password: secrets must not be on the command line"
        problem = Problem(flag_of(setting.name), MASK, expected, fix)
        raise InputError.from_problems("settings", [problem], undone="done")
    return setting
