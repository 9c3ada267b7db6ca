"""Settings, by precedence: flag > environment > the file that NAME_FILE names > config file > default."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from connector.core.redaction import MASK
from connector.definition.lazy import cached_property
from connector.errors import DefinitionError, InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.definition.parsers.strict_yaml import Document
    from connector.errors import Finding

LOG_FORMATS = ("text", "json")
OUTPUT_FORMATS = ("json", "yaml", "table", "lines")
SETTING_KEYS = ("connector", "output", "connection", "base_url", "plan", "budget", "timeout", "store", "inbox", "bulk",
                "runs", "runs_keep", "records", "log_format")  # fmt: skip
DEFAULT_VALUES = {"output": "json", "runs_keep": "30d", "log_format": "text"}
_VARIABLE_NAMES = {
    "connector": "CONNECTOR_PATH",
    "output": "CONNECTOR_OUTPUT",
    "connection": "CONNECTOR_CONNECTION",
    "timeout": "CONNECTOR_TIMEOUT",
    "store": "CONNECTOR_STORE",
    "inbox": "CONNECTOR_INBOX",
    "bulk": "CONNECTOR_BULK",
    "runs": "CONNECTOR_RUNS",
    "runs_keep": "CONNECTOR_RUNS_KEEP",
    "records": "CONNECTOR_RECORDS",
    "log_format": "CONNECTOR_LOG_FORMAT",
}
_FLAG_NAMES = {"base_url": "--base-url", "bulk": "--on", "log_format": "--log-format"}
_DATABASE_SETTINGS = ("store", "inbox", "bulk", "runs", "records")  # URLs that may hold a password


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting: name, value (None if unset) and source."""

    name: str
    value: Any
    source: str

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
        if key in self._config:
            return Setting(key, self._config[key], f"config file {config_path()}")
        return Setting(key, DEFAULT_VALUES.get(key), "default")

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
    def _config(self) -> dict[str, Any]:
        return read_config(config_path())


def flag_of(key: str) -> str:
    """Return the flag of a setting."""
    return _FLAG_NAMES.get(key, f"--{key}")


def config_path() -> Path:
    """Return the path of the config file, which may not exist."""
    from platformdirs import user_config_path

    return user_config_path("connector", appauthor=False) / "config.yaml"


def default_inbox_url(name: str) -> str:
    """Return the URL of the default inbox of a connector."""
    from platformdirs import user_data_path

    return f"sqlite:///{user_data_path('connector', appauthor=False) / 'inbox' / name}.sqlite"


def default_runs_url() -> str:
    """Return the URL of this user's log of runs."""
    from platformdirs import user_data_path

    return f"sqlite:///{user_data_path('connector', appauthor=False) / 'runs.sqlite'}"


def default_records_url() -> str:
    """Return the URL of this user's copy of records."""
    from platformdirs import user_data_path

    return f"sqlite:///{user_data_path('connector', appauthor=False) / 'records.sqlite'}"


def read_config(path: Path) -> dict[str, Any]:
    """Return the data of the config file, empty if there is none. Raises DefinitionError with file, line and column."""
    if not path.exists():
        return {}
    from connector.definition.loader import read_bytes
    from connector.definition.parsers import strict_yaml

    document = strict_yaml.read(read_bytes(path), str(path))
    if document.data is None:
        return {}
    findings = list(_validate_config(document))
    if findings:
        raise DefinitionError.from_findings(sorted(findings))
    config: dict[str, Any] = document.data
    if "connector" in config:
        beside = path.parent / Path(config["connector"]).expanduser()
        is_name = len(Path(config["connector"]).parts) == 1 and not beside.exists()
        config["connector"] = config["connector"] if is_name else str(beside)  # a name is of an installed connector
    return config


def _validate_config(document: Document) -> list[Finding]:
    from connector.definition.suggest import did_you_mean

    if not isinstance(document.data, dict):
        return [document.build_finding((), "config", f"expected a mapping of {', '.join(SETTING_KEYS)}.")]
    findings = []
    for key, value in document.data.items():
        if key not in SETTING_KEYS:
            message = f"Unknown setting {key!r}.{did_you_mean(key, SETTING_KEYS)} Known: {', '.join(SETTING_KEYS)}."
            findings.append(document.build_finding((key,), "unknown-word", message, key=True))
            continue
        problem = _find_problem(key, value)
        if problem:
            findings.append(
                document.build_finding((key,), "config", f"{key}: got {problem.got}; expected {problem.expected}.")
            )
    return findings


def _check_setting(setting: Setting) -> Setting:
    """Return the setting. Raises InputError that names the source of an invalid value."""
    problem = _find_problem(setting.name, setting.value)
    if problem is not None:
        field = setting.source.rpartition(" ")[2]
        problem = Problem(field, problem.got, problem.expected, problem.fix)
        raise InputError.from_problems("settings", [problem], undone="done")
    return setting


def _reject_password(setting: Setting) -> Setting:
    """Return a flag's setting. Raises InputError for a URL with a password, which other users could see."""
    if setting.name in _DATABASE_SETTINGS and _has_password(setting.value):
        variable = _VARIABLE_NAMES[setting.name]
        fix = f"set {variable}, or name a file that holds the URL in {variable}_FILE"
        expected = "a URL without a password: secrets must not be on the command line"
        problem = Problem(flag_of(setting.name), MASK, expected, fix)
        raise InputError.from_problems("settings", [problem], undone="done")
    return setting


def _has_password(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return "@" in url
    return bool(parts.password) or any(name.lower().endswith("password") for name, _ in parse_qsl(parts.query))


def _find_problem(key: str, value: Any) -> Problem | None:
    if key == "output" and value not in OUTPUT_FORMATS:
        return Problem(key, repr(value), f"one of {', '.join(OUTPUT_FORMATS)}")
    if key == "log_format" and value not in LOG_FORMATS:
        return Problem(key, repr(value), f"one of {', '.join(LOG_FORMATS)}")
    if key in ("timeout", "runs_keep"):
        return _find_timeout_problem(key, value)
    if not isinstance(value, str) or not value:
        return Problem(key, repr(value), "a non-empty text")
    return None


def _find_timeout_problem(key: str, value: Any) -> Problem | None:
    from connector.runtime.calls.call_options import parse_timeout

    try:
        parse_timeout(value)
    except InputError as error:
        return replace(error.problems[0], field=key)
    return None
