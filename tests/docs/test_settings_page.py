"""The page of settings has them all, each with its variable and its flag, and says which a project file may hold."""

from __future__ import annotations

import re

from support.pages.markdown_blocks import ROOT

from connector import Connector
from connector.cli.context.config_file import PROJECT_KEYS, SETTING_KEYS
from connector.cli.context.settings import Settings, flag_of

TEXT = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `(\w+)` \| `(\w+)` \| (?:`(--[\w-]+)`[^|]*)?\| ", TEXT, re.MULTILINE)  # name, variable, flag
VALUES = {"output": "yaml", "log_format": "json"}  # of settings that take no other text


def test_the_page_of_settings_has_every_setting_once():
    assert sorted(name for name, _, _ in ROWS) == sorted(SETTING_KEYS)


def test_each_setting_stands_beside_the_variable_and_the_flag_that_it_is_read_from():
    prefix = Connector.open().name.upper()
    for name, variable, flag in ROWS:
        of_connector = None if variable.startswith("CONNECTOR_") else f"{prefix}_{name.upper()}"
        found = Settings({}, {variable: VALUES.get(name, "9s")}).get(name, of_connector)
        assert found.source == f"environment {variable}"
        assert flag in ("", flag_of(name))


def test_the_page_says_which_settings_a_project_file_has():
    (told,) = re.findall(r"settings of that folder: ([^.]*)\.", TEXT)
    assert set(re.findall(r"`(\w+)`", told)) == {*PROJECT_KEYS, "profiles"}
