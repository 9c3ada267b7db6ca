"""Rules of triggers, resources and the sandbox."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from connector.authoring.draft import Violation
from connector.definition.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.authoring.draft import ParsedFile
    from connector.authoring.folder_reader import ConnectorFolder
    from connector.definition.manifest import Manifest
    from connector.definition.parsers.strict_yaml import NodePath
    from connector.definition.resource import ResourceDefinition
    from connector.definition.trigger import Trigger

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_LOCATION_PATTERN = re.compile(r"(header|part)\.[A-Za-z0-9!#$%&'*+.^_`|~-]+\Z")  # a field name (RFC 9110, 5.6.2)
_SIGNED_PARTS = ("timestamp", "body", "id")


def check_triggers(file: ParsedFile[Manifest], _folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that deliveries of a trigger can be verified: secret, signature, challenge."""
    for name, trigger in file.model.triggers.items():
        path: NodePath = ("triggers", name)
        for subpath, message in (*_check_signature(trigger), *_check_challenge(trigger)):
            yield Violation((*path, *subpath), "trigger", message)
        if not any(field.secret for field in trigger.inputs.values()):
            message = "add the signing secret: an input of type password."
            yield Violation((*path, "inputs"), "trigger", message, key=True)


def _check_signature(trigger: Trigger) -> Iterator[tuple[NodePath, str]]:
    signature = trigger.signature
    payload_names, format_names = _PLACEHOLDER.findall(signature.payload), _PLACEHOLDER.findall(signature.format)
    for word, names, allowed in (
        ("payload", payload_names, _SIGNED_PARTS),
        ("format", format_names, (signature.digest,)),
    ):
        for name in names:
            if name not in allowed:
                yield ("signature", word), f"unknown placeholder {{{name}}}.{did_you_mean(name, allowed)}"
            elif names.count(name) > 1:
                yield ("signature", word), f"{{{name}}} is used more than once."
    if "body" not in payload_names:
        yield ("signature", "payload"), "add {body}; an unsigned body could be changed by anybody."
    if signature.digest not in format_names:
        yield ("signature", "format"), f"add {{{signature.digest}}}, the place of the digest."
    if signature.separator is not None and signature.separator in signature.format:
        yield (
            ("signature", "format"),
            f"a signature must not contain the separator {signature.separator!r}.",
        )
    if signature.secret_prefix is not None and signature.secret == "text":  # noqa: S105  an encoding
        yield ("signature", "secret_prefix"), "a prefix is for `secret: base64`; a text secret is used whole."
    for word in ("timestamp", "id"):
        yield from _check_location(trigger, word, is_signed=word in payload_names)
    if signature.timestamp is not None and trigger.max_age is None:
        yield ("signature", "timestamp"), "add `max_age`: the maximum age of a delivery in seconds."
    if signature.timestamp is None and trigger.max_age is not None:
        yield ("max_age",), "the age of a delivery is unknown without a signed timestamp; remove `max_age`."


def _check_location(trigger: Trigger, word: str, *, is_signed: bool) -> Iterator[tuple[NodePath, str]]:
    """Yield mistakes in the location of a delivery's timestamp or id."""
    signature = trigger.signature
    location: str | None = getattr(signature, word)
    if location is None:
        if is_signed:
            yield ("signature", "payload"), f"{{{word}}} is signed; add its location: `{word}: header.X`."
        return
    if not _LOCATION_PATTERN.match(location):
        yield ("signature", word), "expected header.X, or part.x of the signature's header."
    elif location.startswith("part.") and signature.separator is None:
        yield ("signature", word), "parts of the header need a `separator`."
    elif not is_signed and word == "timestamp":
        yield ("signature", word), "an unsigned timestamp could be changed by anybody; add {timestamp} to `payload`."


def _check_challenge(trigger: Trigger) -> Iterator[tuple[NodePath, str]]:
    if trigger.challenge is None:
        return
    for name, value in trigger.challenge.reply.items():
        for placeholder in _PLACEHOLDER.findall(value):
            if placeholder not in ("read", "hex"):
                yield (
                    ("challenge", "reply", name),
                    f"unknown placeholder {{{placeholder}}}; use {{read}} and {{hex}}.",
                )
    if not any("{hex}" in value for value in trigger.challenge.reply.values()):
        yield ("challenge", "reply"), "add {hex}, which proves that the receiver knows the secret."


def check_sandbox(file: ParsedFile[Manifest], folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that paths and parents of resources exist, and that error replies have an error's status."""
    resources = file.model.resources
    paths = {_normalize_path(path): path for path in _list_request_paths(folder)}
    for name, resource in resources.items():
        base_path: NodePath = ("resources", name)
        yield from _check_resource(base_path, resource, paths)
        yield from _check_seed_parents(base_path, resource, resources)
        if resource.schema_ is not None and resource.schema_ not in folder.objects:
            suggestion = did_you_mean(resource.schema_, folder.objects)
            message = f"there is no {folder.get_objects_path(resource.schema_)}.{suggestion}"
            yield Violation((*base_path, "schema"), "resource", message)
        if resource.parent is not None and resource.parent not in resources:
            message = f"there is no resource {resource.parent!r}.{did_you_mean(resource.parent, resources)}"
            yield Violation((*base_path, "parent"), "resource", message)
    judges_success = file.model.errors.judges_success
    for word in ("missing", "invalid"):
        error_reply = getattr(file.model.sandbox, word)
        if error_reply is not None and error_reply.status // 100 not in ((2, 4, 5) if judges_success else (4, 5)):
            message = "an error reply needs a status from 400 to 599, or one of success that `errors` calls failed."
            yield Violation(("sandbox", word, "status"), "sandbox", message)


def _check_seed_parents(
    base_path: NodePath, resource: ResourceDefinition, resources: dict[str, ResourceDefinition]
) -> Iterator[Violation]:
    """Check that a record below others names its parent; a list could not show it otherwise."""
    if resource.parent not in (None, *resources):
        return  # which is told already
    if resource.parent is None and not _PLACEHOLDER.search(resource.listing or ""):
        return
    parent = resources.get(resource.parent or "")
    known = [str(item.get(parent.id)) for item in parent.seed] if parent else []
    sample = known[0] if known else "/".join(_PLACEHOLDER.findall(resource.listing or "{id}"))
    for index, item in enumerate(resource.seed):
        path, value = (*base_path, "seed", index), item.get("parent")
        if value is None:
            message = f"add what it belongs to, or no list shows it: `parent: {sample}`."
            yield Violation(path, "resource", message)
        elif parent is not None and str(value) not in known:
            message = f"{resource.parent} has no record {value!r}.{did_you_mean(str(value), known)}"
            yield Violation((*path, "parent"), "resource", message)


def _list_request_paths(folder: ConnectorFolder) -> list[str]:
    """Return the path of every request line, including those of invalid files."""
    lines = [str((file.document.data or {}).get("request", "")) for file in folder.actions]
    return [line.partition(" ")[2] for line in lines if " " in line]


def _normalize_path(path: str) -> str:
    return _PLACEHOLDER.sub("{}", path)


def _check_resource(base_path: NodePath, resource: ResourceDefinition, paths: dict[str, str]) -> Iterator[Violation]:
    if resource.listing is None and resource.item is None:
        yield Violation(base_path, "resource", "add its path: `list`, `item`, or both.", key=True)
    for word, path in (("list", resource.listing), ("item", resource.item)):
        if path is not None and paths and _normalize_path(path) not in paths:
            message = f"no action has the path {path}{did_you_mean(path, paths.values())}"
            yield Violation((*base_path, word), "resource", message if message.endswith("?") else f"{message}.")
    if resource.item is not None and not _PLACEHOLDER.search(resource.item.rpartition("/")[2]):
        yield Violation((*base_path, "item"), "resource", "the path of an item must end with its id in braces.")
    for index, item in enumerate(resource.seed):
        if resource.id not in item:
            yield Violation(
                (*base_path, "seed", index), "resource", f"{resource.id!r} is missing, the id of the record."
            )
