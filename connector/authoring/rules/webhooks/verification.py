"""Rules of how deliveries are verified: the signature, or the token in its place, and its key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.authoring.draft import Violation
from connector.authoring.rules.webhooks.challenges import check_challenge
from connector.definition.json_path import PathSyntaxError, parse_delivery_place
from connector.definition.suggest import did_you_mean
from connector.first_use import prepare_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.authoring.draft import ParsedFile
    from connector.authoring.folder_reader import ConnectorFolder
    from connector.definition.manifest import Manifest
    from connector.definition.parsers.strict_yaml import NodePath
    from connector.definition.trigger import Signature, Trigger

_PLACEHOLDER = prepare_pattern(r"\{([^{}]*)\}")
_LOCATION_PATTERN = prepare_pattern(r"(header|part)\.[A-Za-z0-9!#$%&'*+.^_`|~-]+\Z")  # a field name (RFC 9110, 5.6.2)
_SIGNED_PARTS = ("timestamp", "body", "id", "method", "url", "form")
_KEY_FORMS = {
    "hmac": ("text", "base64", "hex"),
    "ed25519": ("hex", "base64", "pem"),
    **dict.fromkeys(("rsa_sha256", "ecdsa_sha256"), ("pem", "base64")),
}


def check_triggers(file: ParsedFile[Manifest], _folder: ConnectorFolder) -> Iterator[Violation]:
    """Check that deliveries of a trigger can be verified: secret, signature or token, challenge."""
    for name, trigger in file.model.webhooks.items():
        path: NodePath = ("triggers", name)
        signature = trigger.signature
        checks = () if signature is None else (*_check_signature(signature), *_check_times(trigger, signature))
        for subpath, message in (*checks, *_check_token(trigger), *check_challenge(trigger)):
            yield Violation((*path, *subpath), "trigger", message)
        yield from _check_inputs(path, trigger)


def _check_inputs(path: NodePath, trigger: Trigger) -> Iterator[Violation]:
    """Check that there is a key, and that every other input is used."""
    if trigger.key_input is None:
        has_public_key = trigger.signature is not None and trigger.signature.has_public_key
        key = "the public key of the service" if has_public_key else "the signing secret: an input of type password"
        yield Violation((*path, "inputs"), "trigger", f"add {key}.", key=True)
    for key in trigger.inputs:
        if trigger.key_input is not None and key not in trigger.key_inputs:
            message = "this input has no effect: deliveries are verified with the first one that can hold the key."
            yield Violation((*path, "inputs", key), "trigger", message, key=True)


def _check_signature(signature: Signature) -> Iterator[tuple[NodePath, str]]:
    payload_names, format_names = _PLACEHOLDER.findall(signature.payload), _PLACEHOLDER.findall(signature.format)
    for word, names, allowed in (
        ("payload", payload_names, _SIGNED_PARTS),
        ("format", format_names, (signature.digest,)),
    ):
        known = ", ".join(f"{{{name}}}" for name in allowed)
        for name in names:
            if name not in allowed:
                yield (
                    ("signature", word),
                    f"unknown placeholder {{{name}}}.{did_you_mean(name, allowed)} Known: {known}.",
                )
            elif names.count(name) > 1:
                yield ("signature", word), f"{{{name}}} is used more than once."
    if not {"body", "form"} & set(payload_names):
        yield ("signature", "payload"), "add {body}; an unsigned body could be changed by anybody."
    if signature.digest not in format_names:
        yield ("signature", "format"), f"add {{{signature.digest}}}, the place of the digest."
    if signature.separator is not None and signature.separator in signature.format:
        digest = f"v1={{{signature.digest}}}"
        message = (
            f"the header is split at {signature.separator!r}: write only the part with the digest, such as {digest}."
        )
        yield ("signature", "format"), message
    yield from _check_header(signature.header)
    yield from _check_key_form(signature)
    for word in ("timestamp", "id"):
        yield from _check_location(signature, word, is_signed=word in payload_names)


def _check_header(header: str) -> Iterator[tuple[NodePath, str]]:
    """Yield a place that was written for the header's name: no delivery would have a header of that name."""
    part, dot, name = header.partition(".")
    if dot and part == "header":
        yield ("signature", "header"), f"write the name of the header alone: {name}."
    elif dot and part in ("body", "query", "part"):
        yield ("signature", "header"), f"expected the name of a header; no signature is read from the {part}."
    elif not _LOCATION_PATTERN.match(f"header.{header}"):
        yield ("signature", "header"), f"{header!r} is not the name of a header."


def _check_key_form(signature: Signature) -> Iterator[tuple[NodePath, str]]:
    """Yield mistakes in how a secret or a public key is written."""
    forms = _KEY_FORMS[signature.algorithm]
    if signature.key_form not in forms:
        word = "secret" if "secret" in signature.model_fields_set else "algorithm"
        fix = f"add `secret`: how it is written, {' or '.join(forms)}."
        yield ("signature", word), f"a key for {signature.algorithm} is not written as {signature.key_form}; {fix}"
    if signature.secret_prefix is not None and signature.key_form in ("text", "pem"):
        yield (
            ("signature", "secret_prefix"),
            f"a prefix is for `secret: base64` or `hex`; a {signature.key_form} secret is used whole.",
        )
    if signature.has_public_key and "hash" in signature.model_fields_set:
        yield ("signature", "hash"), f"`hash` has no effect: {signature.algorithm} has its own; remove it."


def _check_location(signature: Signature, word: str, *, is_signed: bool) -> Iterator[tuple[NodePath, str]]:
    """Yield mistakes in the location of a delivery's timestamp or id."""
    location: str | None = getattr(signature, word)
    if location is None:
        if is_signed:
            yield ("signature", "payload"), f"{{{word}}} is signed; add its location: `{word}: header.X`."
        return
    if word == "timestamp" and location.startswith("body."):
        yield from _check_body_time(signature, is_signed=is_signed)
    elif not _LOCATION_PATTERN.match(location):
        fix = ", or body.x." if word == "timestamp" else "."
        yield ("signature", word), f"expected header.X, or part.x of the signature's header{fix}"
    elif location.startswith("part.") and signature.separator is None:
        yield ("signature", word), "parts of the header need a `separator`."
    elif not is_signed and word == "timestamp":
        yield ("signature", word), "an unsigned timestamp could be changed by anybody; add {timestamp} to `payload`."


def _check_body_time(signature: Signature, *, is_signed: bool) -> Iterator[tuple[NodePath, str]]:
    try:
        parse_delivery_place(signature.timestamp or "")
    except PathSyntaxError as error:
        yield ("signature", "timestamp"), f"{error}."
    if is_signed:
        message = "{timestamp} is in the body, which is signed before it is read; remove {timestamp}."
        yield ("signature", "payload"), message


def _check_times(trigger: Trigger, signature: Signature) -> Iterator[tuple[NodePath, str]]:
    """Yield words about the age of a delivery that have no effect, or need another one."""
    if signature.timestamp is None and "unit" in signature.model_fields_set:
        yield ("signature", "unit"), "`unit` has no effect without `timestamp`, the place of the signed time."
    if signature.timestamp is not None and trigger.max_age is None:
        yield ("signature", "timestamp"), "add `max_age`: the maximum age of a delivery in seconds."
    if signature.timestamp is None and trigger.max_age is not None:
        yield ("max_age",), "the age of a delivery is unknown without a signed timestamp; remove `max_age`."
    if trigger.event.each is not None and (signature.timestamp or "").startswith("body."):
        yield ("signature", "timestamp"), "a body of several events has no time of its own; remove it."
    if "{form}" in signature.payload and trigger.body.partition(".")[0] != "form":
        yield ("signature", "payload"), "{form} is of a body that is a form; add `body: form`."


def _check_token(trigger: Trigger) -> Iterator[tuple[NodePath, str]]:
    if trigger.token is None:
        return
    try:
        is_part = parse_delivery_place(trigger.token).part is not None
    except PathSyntaxError as error:
        yield ("token",), f"{error}."
        return
    if is_part:
        yield ("token",), "expected header.X, query.x or body.x: without a signature there is no part of its header."
    if trigger.token.startswith("body.") and trigger.body == "none":
        yield ("token",), "there is no body: `body: none`."
    if trigger.max_age is not None:
        yield ("max_age",), "the age of a delivery is unknown without a signed timestamp; remove `max_age`."
