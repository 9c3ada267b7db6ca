"""Lenient reader of the files of an API description: JSON or YAML, as vendors publish them.

What JSON cannot hold becomes text: timestamps, dates, keys that are numbers. Control characters go. A description is
data of others, so nothing in it can make objects of Python, and its size is limited.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import yaml

from connector.errors import UsageError
from connector.first_use import prepare_pattern

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_BYTES = 64 << 20
MAX_VALUES = 10_000_000  # with each alias of YAML written out; a text of MAX_BYTES without aliases has fewer

_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NUMBER_TAGS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
_FOREIGN_CHARACTERS = prepare_pattern("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


# YAML with the types of JSON: any other tag is text, a list or a mapping, by its shape.
_LenientLoader: Any = type("_LenientLoader", (_SafeLoader,), {"yaml_implicit_resolvers": {}})


def _construct_mapping(loader: Any, node: yaml.MappingNode) -> Any:
    loader.flatten_mapping(node)
    mapping: dict[str, Any] = {}
    yield mapping
    for key, value in node.value:
        name = key.value if isinstance(key, yaml.ScalarNode) else str(loader.construct_object(key, deep=True))
        mapping[name] = loader.construct_object(value, deep=True)


def _construct_other(loader: Any, _suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return node.value
    return loader.construct_sequence(node, deep=True) if isinstance(node, yaml.SequenceNode) else {}


def _construct_number(convert: Callable[[str], int | float]) -> Callable[[Any, yaml.ScalarNode], Any]:
    return lambda _loader, node: convert(node.value)


_LenientLoader.add_implicit_resolver("tag:yaml.org,2002:merge", prepare_pattern(r"<<\Z"), ["<"])
_LenientLoader.add_implicit_resolver(
    "tag:yaml.org,2002:null", prepare_pattern(r"(?:~|null|Null|NULL|)\Z"), ["~", "n", "N", ""]
)
_LenientLoader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", prepare_pattern(r"(?:[Tt]rue|TRUE|[Ff]alse|FALSE)\Z"), list("tTfF")
)
_LenientLoader.add_implicit_resolver(
    _NUMBER_TAGS[0], prepare_pattern(r"-?(?:0|[1-9][0-9]{0,300})\Z"), list("-0123456789")
)
_LenientLoader.add_implicit_resolver(
    _NUMBER_TAGS[1],
    prepare_pattern(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+(?:[eE][+-]?[0-9]{1,2})?|[eE][+-]?[0-9]{1,2})\Z"),
    list("-0123456789"),
)
_LenientLoader.add_constructor(_NUMBER_TAGS[0], _construct_number(int))
_LenientLoader.add_constructor(_NUMBER_TAGS[1], _construct_number(float))
_LenientLoader.add_constructor("tag:yaml.org,2002:map", _construct_mapping)
_LenientLoader.add_multi_constructor("", _construct_other)


def read_text(raw: bytes, source: str) -> Any:
    """Return the data of a file of a description. Raises UsageError with its name and the reason."""
    if len(raw) > MAX_BYTES:
        raise UsageError(f"{source} has {len(raw):,} bytes; at most {MAX_BYTES:,} are read.")
    text = raw.decode("utf-8-sig", errors="replace")
    try:
        return json.loads(text, parse_constant=str)
    except (ValueError, RecursionError) as error:
        if text.lstrip()[:1] == "{" and isinstance(error, json.JSONDecodeError) and "\n" not in text.strip()[:200]:
            raise _build_unreadable_error(source, str(error)) from None
    try:
        loader = _LenientLoader(_FOREIGN_CHARACTERS.sub("", text))
        data = loader.get_single_data()
        count = _count_values(data, {})
    except yaml.YAMLError as error:
        raise _build_unreadable_error(source, " ".join(str(error).split())) from None
    except RecursionError:
        raise _build_unreadable_error(source, "it is nested too deeply") from None
    if count > MAX_VALUES:
        raise _build_unreadable_error(source, f"its aliases stand for more than {MAX_VALUES:,} values")
    return data


def _count_values(data: Any, counted: dict[int, int]) -> int:
    """Return how many values there are, what several aliases stand for counted each time, but looked at once."""
    if not isinstance(data, dict | list):
        return 1
    if id(data) not in counted:
        inner = data.values() if isinstance(data, dict) else data
        counted[id(data)] = 1 + sum(_count_values(value, counted) for value in inner)
    return counted[id(data)]


def _build_unreadable_error(source: str, reason: str) -> UsageError:
    return UsageError(f"{source} is neither JSON nor YAML: {reason[:300]}.", hint="Pass the description itself.")
