"""The command line of a call, as a person may type it."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

from connector.cli.groups import list_run_flags

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.definition.action import Action
    from connector.definition.fields import Input


def format_command_line(action: Action, given: Mapping[str, Any], global_words: Sequence[str] = ()) -> str:
    """Return the command line of these inputs: flags where possible, `-i KEY:=JSON` elsewhere."""
    from connector.definition.forms.cli_flags import build_cli_flags

    flag_names = {flag.key: flag.name for flag in build_cli_flags(action, list_run_flags())}
    args = ["connector", "run", action.action, *global_words]
    for spelling, value in given.items():
        key = action.key_by_spelling.get(spelling, spelling)
        args += _build_flag_args(action.inputs[key], key, flag_names[key], value)
    return shlex.join(args)


def _build_flag_args(field: Input, key: str, flag: str, value: Any) -> list[str]:
    if field.secret:
        return ["-i", f"{key}=?"]
    if field.type == "file":
        return [flag, f"@{value['name'] if isinstance(value, dict) else value}"]
    if isinstance(value, bool):
        return [flag] if value else [flag, "false"]
    if isinstance(value, str | int | float):
        return [flag, str(value)]
    if field.is_list and value and all(isinstance(item, str | int) for item in value):
        return [word for item in value for word in (flag, str(item))]
    return ["-i", f"{key}:={json.dumps(value, ensure_ascii=False)}"]
