"""The settings in force: flag > environment > the file that NAME_FILE names > config file > default."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from connector.core.redaction import HIDDEN
from connector.errors import DefinitionError, InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.definition.strict_yaml import Document
    from connector.errors import Finding

FORMS = ("json", "yaml", "table", "lines")
KEYS = ("connector", "output", "connection", "base_url", "plan", "budget", "timeout", "store", "inbox")
OF_A_CONNECTOR = ("base_url", "plan", "budget")  # their variables begin with its name
DEFAULTS = {"output": "json"}
_VARIABLES = {
    "connector": "CONNECTOR_PATH",
    "output": "CONNECTOR_OUTPUT",
    "connection": "CONNECTOR_CONNECTION",
    "timeout": "CONNECTOR_TIMEOUT",
    "store": "CONNECTOR_STORE",
    "inbox": "CONNECTOR_INBOX",
}


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting: its name, its value (None when nothing says it), and where that came from."""

    name: str
    value: Any
    source: str

    @property
    def chosen(self) -> bool:
        """Whether somebody said it."""
        return self.source not in ("default", "")


class Settings:
    """What flags, environment and config file say; `flags` holds what was typed, None where nothing was."""

    def __init__(self, flags: Mapping[str, Any], environ: Mapping[str, str] | None = None) -> None:
        self._flags = flags
        self._environ = os.environ if environ is None else environ

    def get(self, key: str, variable: str | None = None) -> Setting:
        """Return a setting; `variable` names its environment variable where that depends on the connector.

        Raises InputError for a value that does not fit, DefinitionError for a config file that is wrong.
        """
        if self._flags.get(key) is not None:
            flag = f"flag --{key.replace('_', '-')}"
            return _without_password(_checked(Setting(key, self._flags[key], flag)))
        name = variable or _VARIABLES.get(key, "")
        found = self.variable(name)
        if found is not None:
            return _checked(Setting(key, *found))
        if key in self._file:
            return Setting(key, self._file[key], f"config file {config_path()}")
        return Setting(key, DEFAULTS.get(key), "default")

    def variable(self, name: str) -> tuple[str, str] | None:
        """Return a variable's value and source, its own or that of the file NAME_FILE names; empty is unset."""
        if self._environ.get(name):
            return self._environ[name], f"environment {name}"
        path = self._environ.get(f"{name}_FILE") if name else None
        if not path:
            return None
        try:
            return Path(path).read_text(encoding="utf-8").strip(), f"file {path}, named by {name}_FILE"
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
            problem = Problem(f"{name}_FILE", path, f"a file to read: {reason}", "name another, or unset it")
            raise InputError.of("settings", [problem]) from None

    @cached_property
    def _file(self) -> dict[str, Any]:
        return read_config(config_path())


def config_path() -> Path:
    """Return where the config file stands, whether or not it does."""
    from platformdirs import user_config_path

    return user_config_path("connector", appauthor=False) / "config.yaml"


def default_inbox(name: str) -> str:
    """Return the URL of the database that a connector's events are kept in when nothing else is said."""
    from platformdirs import user_data_path

    return f"sqlite:///{user_data_path('connector', appauthor=False) / 'inbox' / name}.sqlite"


def read_config(path: Path) -> dict[str, Any]:
    """Read the config file; nothing when there is none. Raises DefinitionError with file, line and column."""
    if not path.exists():
        return {}
    from connector.definition import strict_yaml
    from connector.definition.loader import read_bytes

    document = strict_yaml.read(read_bytes(path), str(path))
    if document.data is None:
        return {}
    findings = list(_findings(document))
    if findings:
        raise DefinitionError.of(sorted(findings))
    config: dict[str, Any] = document.data
    if "connector" in config:
        config["connector"] = str(path.parent / Path(config["connector"]).expanduser())
    return config


def _findings(document: Document) -> list[Finding]:
    from connector.definition.suggest import did_you_mean

    if not isinstance(document.data, dict):
        return [document.finding((), "config", f"expected a mapping of {', '.join(KEYS)}.")]
    found = []
    for key, value in document.data.items():
        if key not in KEYS:
            message = f"{key!r} is not a setting.{did_you_mean(key, KEYS)} Known: {', '.join(KEYS)}."
            found.append(document.finding((key,), "unknown-word", message, key=True))
            continue
        wrong = _problem(key, value)
        if wrong:
            found.append(document.finding((key,), "config", f"{key}: got {wrong.got}; expected {wrong.expected}."))
    return found


def _checked(setting: Setting) -> Setting:
    """Return a setting whose value fits. Raises InputError naming where it came from."""
    wrong = _problem(setting.name, setting.value)
    if wrong is not None:
        field = setting.source.rpartition(" ")[2]
        raise InputError.of("settings", [Problem(field, wrong.got, wrong.expected, wrong.fix)])
    return setting


def _without_password(setting: Setting) -> Setting:
    """Return a flag's setting. Raises InputError for a URL with a password, which others would see in the command."""
    if setting.name in ("store", "inbox") and _holds_password(setting.value):
        variable = _VARIABLES[setting.name]
        fix = f"set {variable}, or name a file that holds the URL in {variable}_FILE"
        expected = "a URL without a password: a secret never stands on the command line"
        problem = Problem(f"--{setting.name}", HIDDEN, expected, fix)
        raise InputError.of("settings", [problem])
    return setting


def _holds_password(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return "@" in url
    return bool(parts.password) or any(name.lower().endswith("password") for name, _ in parse_qsl(parts.query))


def _problem(key: str, value: Any) -> Problem | None:
    if key == "output" and value not in FORMS:
        return Problem(key, repr(value), f"one of {', '.join(FORMS)}")
    if key == "timeout":
        return _late(value)
    if not isinstance(value, str) or not value:
        return Problem(key, repr(value), "a text that is not empty")
    return None


def _late(value: Any) -> Problem | None:
    from connector.runtime.calls.factory import seconds

    try:
        seconds(value)
    except InputError as error:
        return error.problems[0]
    return None
