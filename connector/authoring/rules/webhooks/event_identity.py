"""Rules of what a trigger reads from events: the paths exist, and each word has an effect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.authoring.draft import Violation
from connector.core.json_path import get_at_path, has_path
from connector.core.webhook.event import MAX_NAME_LENGTH
from connector.definition.events import VALUE_TYPES, iter_leaf_fields
from connector.definition.json_path import join_path, parse_reply_path
from connector.definition.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.authoring.draft import ParsedFile
    from connector.authoring.folder_reader import ConnectorFolder
    from connector.definition.manifest import Manifest
    from connector.definition.parsers.strict_yaml import NodePath
    from connector.definition.trigger import EventFields, Signature, Trigger

    Paths = list[tuple[NodePath, str]]

_UNITS_BY_TYPE = {
    **dict.fromkeys(VALUE_TYPES, ()),
    "milliseconds": ("ms",),
    **dict.fromkeys(("datetime", "date"), ("iso",)),
    **dict.fromkeys(("integer", "number", "digits"), ("s", "ms")),
    "string": ("s", "ms", "iso"),
}  # how a time may be written, by the type that events are described with
_MISSPELT = 0.8  # how alike two names are when one is a misspelling of the other


def check_event_identity(file: ParsedFile[Manifest], folder: ConnectorFolder) -> Iterator[Violation]:
    """Check the paths of `event` and `dedupe`: against the events that are described, and for what has no effect."""
    bodies = _read_bodies(folder)
    for name, trigger in file.model.webhooks.items():
        for check in (
            _check_presence,
            _check_name,
            _check_repetition,
            _check_id,
            _check_ignored,
            _check_unit,
            _check_bodiless,
            _check_form_events,
        ):
            for path, message in check(trigger):
                is_missing = path == ("dedupe",) and "dedupe" not in trigger.model_fields_set
                place: NodePath = ("triggers", name, *(() if is_missing else path))
                yield Violation(place, "trigger", message, key=is_missing)
        for path, message in _check_against_bodies(trigger, bodies) if bodies else ():
            yield Violation(("triggers", name, *path), "trigger", message)


def _read_bodies(folder: ConnectorFolder) -> list[Any]:
    """Return the bodies of all events, or nothing where a file is not readable: its events may have any path."""
    if any(stem not in folder.events for stem in folder.event_stems):
        return []
    entries = [
        entry
        for document in folder.events.values()
        if isinstance(document.data, dict)
        for entry in document.data.values()
    ]
    return [entry["body"] for entry in entries if isinstance(entry, dict) and isinstance(entry.get("body"), dict)]


def _list_ids(trigger: Trigger) -> Paths:
    base: NodePath = ("dedupe",) if isinstance(trigger.dedupe, list) else ("dedupe", "id")
    return [((*base, index), path) for index, path in enumerate(trigger.identity.id)]


def _list_ignored(trigger: Trigger) -> Paths:
    paths = trigger.identity.ignore.paths
    return [(("dedupe", "ignore", "paths", index), path) for index, path in enumerate(paths)]


def _list_fields(trigger: Trigger) -> Paths:
    event = trigger.event
    singles = [(("event", word), path) for word in ("at", "account", "object") if (path := getattr(event, word))]
    return [*singles, *((("event", "subject", index), path) for index, path in enumerate(event.subject))]


def _check_presence(trigger: Trigger) -> Iterator[tuple[NodePath, str]]:
    if trigger.dedupe == []:
        yield (
            ("dedupe",),
            (
                "add `dedupe`: the paths of an event's id, or what may change when it is sent again (`{ignore: ...}`; "
                "`{}` for nothing)."
            ),
        )


def _check_name(trigger: Trigger) -> Iterator[tuple[NodePath, str]]:
    event = trigger.event
    if event.name is None and event.default_name is None:
        yield ("event",), "add `name`, the place of an event's name, or `default_name` where a service has none."
    if event.default_name is not None and len(event.default_name) > MAX_NAME_LENGTH:
        yield ("event", "default_name"), f"a name has {MAX_NAME_LENGTH} characters at most."


def _check_form_events(trigger: Trigger) -> Iterator[tuple[NodePath, str]]:
    """Yield `each` where a body is a form, which has no list of events."""
    if trigger.event.each is not None and trigger.body == "form":
        yield (
            ("event", "each"),
            "the fields of a form hold no list of events; name the field that has one: `body: form.x`.",
        )


def _check_bodiless(trigger: Trigger) -> Iterator[tuple[NodePath, str]]:
    """Yield paths into a body that a delivery does not have."""
    if trigger.body != "none":
        return
    if trigger.event.each is not None:
        yield ("event", "each"), "there is no body: `body: none`."
    named = [(("event", "name"), trigger.event.name)] if trigger.event.name else []
    for path, text in (*named, *_list_fields(trigger), *_list_ids(trigger), *_list_ignored(trigger)):
        if parse_reply_path(text).header is None:
            yield path, f"there is no body (`body: none`), so there is no {text}; expected header.X."


def _check_repetition(trigger: Trigger) -> Iterator[tuple[NodePath, str]]:
    for listed in (_list_ids(trigger), _list_ignored(trigger), _list_fields(trigger)):
        seen: set[tuple[str, ...]] = set()
        for path, text in listed:
            place = parse_reply_path(text)
            key = (str(path[:-1]), *place.segments, place.header or "")
            if key in seen:
                yield path, f"{text} is listed twice."
            seen.add(key)
    for word in ("fields", "query"):
        names = getattr(trigger.identity.ignore, word)
        for index, name in enumerate(names):
            if name in names[:index]:
                yield ("dedupe", "ignore", word, index), f"{name} is listed twice."


def _check_id(trigger: Trigger) -> Iterator[tuple[NodePath, str]]:
    """Yield paths that are new for each attempt, or the same for all events."""
    signature = trigger.signature
    changing = (
        {signature.header.lower(), (signature.timestamp or "").removeprefix("header.").lower()} if signature else ()
    )
    headers = [parse_reply_path(path).header for path in trigger.identity.id]
    if trigger.event.each is not None and headers and all(headers):
        yield (
            _list_ids(trigger)[0][0],
            "a header identifies a delivery, and not each of its events; add a path of the event.",
        )
    for path, text in _list_ids(trigger):
        header = parse_reply_path(text).header
        if header is not None and header in changing:
            yield path, f"{text} is new each time an event is sent; it identifies no event."
        elif text == ".":
            yield path, "`.` is the whole body, which counts where there is no id; remove it."


def _check_ignored(trigger: Trigger) -> Iterator[tuple[NodePath, str]]:
    """Yield parts to ignore that are not looked at anyway, or are all there is."""
    fields = [path for _, path in (*_list_fields(trigger), ((), trigger.event.name or "."))]
    read_headers = {parse_reply_path(path).header for path in fields}
    id_header = parse_reply_path((trigger.signature and trigger.signature.id) or ".").header
    if id_header is not None and [parse_reply_path(path).header for path in trigger.identity.id] == [id_header]:
        if trigger.identity.model_fields_set & {"ignore"}:
            yield ("dedupe", "ignore"), f"every delivery has header.{id_header}, its id; remove `ignore`."
        return
    for path, text in _list_ignored(trigger):
        header = parse_reply_path(text).header
        if text == ".":
            yield path, "without the whole body nothing tells events apart."
        elif text == trigger.event.name:
            yield path, "the name of an event always counts; remove it."
        elif header is not None and header not in read_headers:
            yield path, f"{text} does not count anyway: `event` does not read it; remove it."


def _check_unit(trigger: Trigger) -> Iterator[tuple[NodePath, str]]:
    if trigger.event.at is None and "unit" in trigger.event.model_fields_set:
        yield ("event", "unit"), "`unit` has no effect without `at`, the place of the time."


def _check_against_bodies(trigger: Trigger, bodies: list[Any]) -> Iterator[tuple[NodePath, str]]:
    """Yield paths and fields that the described events contradict.

    A description may leave something out. So a path is wrong where events have what holds it and none has it, and
    where it is spelled almost as one that they have.
    """
    for path, text in (*_list_fields(trigger), *_list_ids(trigger), *_list_ignored(trigger)):
        place = parse_reply_path(text)
        if place.header is not None or text == trigger.event.name or _is_in_any(bodies, place.segments):
            continue
        similar = did_you_mean(text, {path for body in bodies for path in _iter_paths(body)}, _MISSPELT)
        if similar or (len(place.segments) > 1 and _is_in_any(bodies, place.segments[:-1])):
            yield path, f"no event in schemas/events/ has {text}.{similar}"
    yield from _check_units(trigger, bodies)
    names = {name for body in bodies for path, _ in iter_leaf_fields(body) for name in path}
    for index, name in enumerate(trigger.identity.ignore.fields):
        if name not in names and (similar := did_you_mean(name, names, _MISSPELT)):
            message = f"no event in schemas/events/ has a field {name}.{similar}"
            yield ("dedupe", "ignore", "fields", index), message


def _check_units(trigger: Trigger, bodies: list[Any]) -> Iterator[tuple[NodePath, str]]:
    """Yield times that are described as written otherwise than their `unit` says."""
    event, signature = trigger.event, trigger.signature
    times: list[tuple[str, str, EventFields | Signature, str]] = [("event", "at", event, event.at or "")]
    if signature is not None and (signature.timestamp or "").startswith("body."):
        times.append(("signature", "timestamp", signature, (signature.timestamp or "").removeprefix("body.")))
    for part, word, holder, path in times:
        if not path or parse_reply_path(path).header is not None:
            continue
        for value_type in sorted({str(get_at_path(body, path)) for body in bodies} & _UNITS_BY_TYPE.keys()):
            units = _UNITS_BY_TYPE[value_type]
            if holder.unit not in units:
                place = "unit" if units and "unit" in holder.model_fields_set else word
                fix = f"expected `unit: {' or '.join(units)}`" if units else "that is no time"
                yield (
                    (part, place),
                    f"{path} is described as {value_type}, which is not written as {holder.unit}; {fix}.",
                )


def _is_in_any(bodies: list[Any], names: tuple[str, ...]) -> bool:
    """Whether a body has a path; a described list has one item, which stands for all."""
    path, of_first_items = join_path(*names), join_path(*("0" if name.isdigit() else name for name in names))
    return any(has_path(body, path) or has_path(body, of_first_items) for body in bodies)


def _iter_paths(body: Any, names: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield the paths of the values that are in no list, and of what holds them."""
    for name, item in body.items() if isinstance(body, dict) else ():
        yield join_path(*names, name)
        yield from _iter_paths(item, (*names, name))
