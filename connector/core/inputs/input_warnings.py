"""Warn about inputs that are probably a mistake, though the service may accept them: none is rejected.

A time in the past or more than ten years ahead, a time zone that the service does not list, and a name in a spread
object (`body.settings.*`) that the service's schema does not have.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from connector.core.inputs.objects import iterate_members
from connector.core.inputs.time_forms import from_time_form
from connector.core.inputs.time_zones import find_same_zone, is_zone
from connector.definition.fields import walk_fields
from connector.definition.suggest import closest
from connector.errors import DefinitionError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from connector.core.inputs.coerce import Values
    from connector.definition.action import Action
    from connector.definition.fields import Input, InputField, TimeForm
    from connector.definition.loader import Connector

    ValueWarnings = Callable[[Any, float], Sequence[str]]

FAR_FUTURE_SECONDS = 10 * 365.25 * 86_400  # seconds; ten years
_MAX_SECONDS_BEHIND_UTC, _MAX_SECONDS_AHEAD_OF_UTC = 12 * 3600, 14 * 3600  # the extremes of local time

InputWarnings = Callable[["Values", float], tuple[str, ...]]


def compile_input_warnings(connector: Connector, action: Action) -> InputWarnings | None:
    """Return the function from checked values and epoch seconds to warnings; None where no input can have one."""
    finders: dict[int, ValueWarnings] = {}  # by the identity of an input or a member
    objects = {key: field for key, field in action.inputs.items() if _add_finders(connector, field, finders)}
    for field in action.inputs.values():
        if field.location.spread:
            known = cache(partial(_find_spread_schemas, connector, action, field))
            finders[id(field)] = partial(_find_unknown_names, known)
    watched = [
        (key, finders.get(id(field)), objects.get(key))
        for key, field in action.inputs.items()
        if id(field) in finders or key in objects
    ]
    if not watched:
        return None

    def find_warnings(values: Values, now: float) -> tuple[str, ...]:
        found: list[str] = []
        for key, finder, holder in watched:
            value = values.get(key)
            if value is None:
                continue
            if finder is not None and (texts := finder(value, now)):
                found += [f"{key}: {text}" for text in texts]
            if holder is not None:
                found += _find_in_members(finders, iterate_members(holder, value, key), now)
        return tuple(found)

    return find_warnings


def _find_in_members(
    finders: Mapping[int, ValueWarnings], members: Iterable[tuple[str, InputField, Any]], now: float
) -> Iterator[str]:
    for name, member, value in members:
        if id(member) in finders:
            yield from (f"{name}: {text}" for text in finders[id(member)](value, now))


def _add_finders(connector: Connector, field: InputField, finders: dict[int, ValueWarnings]) -> bool:
    """Add what warns of a field, and of what is declared below it; return whether a member has one."""
    for one in walk_fields(field):
        if one.future:
            finders[id(one)] = partial(_find_time_warning, one.wire)
        elif one.format == "timezone" and one.choices_file:
            finders[id(one)] = partial(_find_zone_warning, connector.choices(one.choices_file))
    return any(id(one) in finders for one in walk_fields(field) if one is not field)


def _find_time_warning(wire: TimeForm | None, value: Any, now: float) -> tuple[str, ...]:
    moment = value if wire is None else from_time_form(wire, value)
    if wire == "date":  # which is past when the day is
        moment = moment.replace("T00:00:00", "T23:59:59")
    problem = _describe_time(moment, now)
    return (f"{moment} {problem}. It is sent {'unchanged' if wire is None else 'all the same'}.",) if problem else ()


def _describe_time(value: str, now: float) -> str:
    """Describe what is odd about a time; one without a zone passes when it is valid in any zone."""
    timestamp = datetime.fromisoformat(value)
    is_local = timestamp.tzinfo is None
    seconds_ahead = (timestamp.replace(tzinfo=UTC) if is_local else timestamp).timestamp() - now
    if seconds_ahead + (_MAX_SECONDS_BEHIND_UTC if is_local else 0) < 0:
        return "is in the past"
    is_far = seconds_ahead - (_MAX_SECONDS_AHEAD_OF_UTC if is_local else 0) > FAR_FUTURE_SECONDS
    return "is more than ten years ahead" if is_far else ""


def _find_zone_warning(listed: Collection[str], value: str, _: float) -> tuple[str, ...]:
    if value in listed:
        return ()
    same = find_same_zone(value, listed) if is_zone(value) else None
    advice = f"; {same} is listed and keeps the same time" if same else ""
    return (f"{value} is not among the time zones that the service lists{advice}. It is sent unchanged.",)


def _find_unknown_names(load_known: Callable[[], dict[str, Any]], value: dict[str, Any], _: float) -> list[str]:
    return _compare_names(value, load_known(), "")


def _compare_names(value: Any, known: Any, place: str) -> list[str]:
    """Return a warning for each name of a value that its schema does not have, at any depth."""
    found: list[str] = []
    if not isinstance(value, dict) or not isinstance(known, dict) or not known:
        return found
    for name, item in value.items():
        if name not in known:
            match = closest(name, known)
            advice = f" Did you mean {place}{match}?" if match else ""
            shown = f"{place}{name[:60]}"
            found.append(f"{shown} is no known name here; the service may ignore it.{advice} It is sent unchanged.")
        elif isinstance(item, dict) and isinstance(known[name], dict):
            found += _compare_names(item, known[name].get("properties"), f"{place}{name}.")
    return found


def find_spread_names(connector: Connector, action: Action, field: Input) -> set[str]:
    """Return the names that the schema of the record has where an input is spread, and those of its other inputs."""
    return set(_find_spread_schemas(connector, action, field))


def _find_spread_schemas(connector: Connector, action: Action, field: Input) -> dict[str, Any]:
    """Return the names where an input is spread, each with its schema, if it has one.

    The record is what the action returns, else the resource at its path; empty where neither is described.
    """
    path = field.location.path
    properties: Any = _record_schema(connector, action)
    for name in (*path, None):
        properties = properties.get("properties") if isinstance(properties, dict) else None
        if name is not None:
            properties = properties.get(name) if isinstance(properties, dict) else None
    if not isinstance(properties, dict):
        return {}
    beside = (other.location for other in action.inputs.values() if other.location.part == field.location.part)
    names = (one.path[len(path)] for one in beside if one.path[:-1] == path and not one.spread)
    return {**dict.fromkeys(names), **properties}


def _record_schema(connector: Connector, action: Action) -> dict[str, Any] | None:
    resources = connector.manifest.resources.values()
    of_resource = next((one.schema_ for one in resources if one.item == action.path), None)
    name = action.returns.schema_ or of_resource
    try:
        return connector.object_schema(name) if name else None
    except DefinitionError:  # lint tells it; a call goes on without the warning
        return None
