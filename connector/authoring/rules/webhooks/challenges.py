"""Rules of challenges: what is answered, and to whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.definition.json_path import parse_delivery_path
from connector.definition.suggest import did_you_mean
from connector.first_use import prepare_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.definition.parsers.strict_yaml import NodePath
    from connector.definition.trigger import ChallengeFormat, Trigger

_PLACEHOLDER = prepare_pattern(r"\{([^{}]*)\}")
_DIGESTS = ("hex", "base64")
_HEADER_NAME = prepare_pattern(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")  # RFC 9110, 5.6.2
_FOREIGN_HEADERS = ("connection", "content-length", "content-type", "location", "set-cookie", "transfer-encoding")


def check_challenge(trigger: Trigger) -> Iterator[tuple[NodePath, str]]:
    """Yield mistakes of a trigger's challenge, each with its place in the trigger."""
    challenge = trigger.challenge
    if challenge is None:
        return
    checks = (_check_place, _check_signed, _check_handover, _check_token)
    for word, message in (finding for check in checks for finding in check(trigger, challenge)):
        yield ("challenge", *word), message
    yield from _check_reply(trigger, challenge)
    yield from _check_reply_headers(challenge)


def _check_place(trigger: Trigger, challenge: ChallengeFormat) -> Iterator[tuple[NodePath, str]]:
    if challenge.at is not None and challenge.is_ is None:
        yield ("at",), "`at` has no effect without `is`, what stands there."
    if challenge.is_ is not None and challenge.at is None and (trigger.event.name is None or trigger.event.each):
        yield ("is",), "add `at`: where a delivery says that it is a challenge."
    read = parse_delivery_path(challenge.read) if challenge.read else None
    for word, path in (("read", challenge.read), ("at", challenge.at)):
        if challenge.method != "POST" and path is not None and parse_delivery_path(path).segments:
            yield (word,), f"`{word}` must be query.x or header.X: a challenge by {challenge.method} has no body."
    if challenge.is_ is None and challenge.method == "POST" and read is None:
        yield (), "add `is` and `at`, or `read`, which tell a challenge from an event."
    if challenge.is_ is None and challenge.is_signed and read is not None and read.header is None:
        yield ("read",), "add `is` and `at`, which tell a challenge from an event."


def _check_signed(trigger: Trigger, challenge: ChallengeFormat) -> Iterator[tuple[NodePath, str]]:
    """Yield `signed` where it changes nothing, and an unsigned challenge that an event may be taken for."""
    read = parse_delivery_path(challenge.read) if challenge.read else None
    is_in_query = read is not None and read.query is not None
    if "signed" in challenge.model_fields_set and (challenge.method != "POST" or challenge.keep_as or is_in_query):
        reason = "what hands over a secret" if challenge.keep_as else "what is read before the body"
        yield ("signed",), f"`signed` has no effect: {reason} is never signed; remove it."
    is_token_in_body = (trigger.token or "").startswith("body.")
    if not challenge.is_signed and is_token_in_body and challenge.is_ is None and read is not None and read.segments:
        yield ("read",), "add `is` and `at`: where the token is in the body too, an event could be taken for this."


def _check_handover(trigger: Trigger, challenge: ChallengeFormat) -> Iterator[tuple[NodePath, str]]:
    """Yield mistakes of a challenge that hands over the secret."""
    if challenge.keep_as is None:
        return
    key = trigger.key_input[0] if trigger.key_input else None
    if challenge.keep_as != key:
        suggestion = did_you_mean(challenge.keep_as, [key] if key else [])
        yield ("keep_as",), f"expected {key or 'an input of type password'}, the input of the secret.{suggestion}"
    if trigger.signature is not None and trigger.signature.has_public_key:
        yield ("keep_as",), "a public key is given beforehand: from whoever comes first it proves nothing."
    if challenge.read is None:
        yield ("keep_as",), "add `read`: where the delivery has the secret."
    elif challenge.method != "POST" or parse_delivery_path(challenge.read).query is not None:
        yield ("read",), "a secret is handed over in a header or the body of a POST: URLs are logged."


def _check_token(trigger: Trigger, challenge: ChallengeFormat) -> Iterator[tuple[NodePath, str]]:
    if challenge.token is None:
        return
    inputs = [key for key, field in trigger.inputs.items() if field.secret]
    if challenge.token.input not in inputs:
        suggestion = did_you_mean(challenge.token.input, inputs)
        yield ("token", "input"), f"there is no input {challenge.token.input!r} of type password.{suggestion}"
    if challenge.is_signed:
        yield ("token",), "a challenge that is verified as an event needs no token; remove it."
    if challenge.keep_as is not None:
        yield ("token",), "where the secret is handed over, no other one is known yet; remove it."


def _check_reply(trigger: Trigger, challenge: ChallengeFormat) -> Iterator[tuple[NodePath, str]]:
    """Yield mistakes of the answer; nobody may have a text of their own signed."""
    can_sign = trigger.signature is not None and not trigger.signature.has_public_key and challenge.is_signed
    allowed = ("read", *(_DIGESTS if can_sign else ())) if challenge.read else ()
    if challenge.method == "HEAD" and challenge.reply_content:
        yield ("challenge", "reply"), "the answer to a HEAD has no body; it may have header.X."
    texts = {None: challenge.reply} if isinstance(challenge.reply, str) else challenge.reply
    for name, text in texts.items():
        place: NodePath = ("challenge", "reply") if name is None else ("challenge", "reply", name)
        for placeholder in _PLACEHOLDER.findall(text) if isinstance(text, str) else ():
            if challenge.read is None:
                yield place, f"{{{placeholder}}} needs `read`, which says what to read."
            elif placeholder in _DIGESTS and placeholder not in allowed:
                reason = "the request is not signed with a secret, so anybody could have a text signed"
                yield place, f"{{{placeholder}}} cannot stand here: {reason}."
            elif placeholder not in allowed:
                yield (
                    place,
                    f"unknown placeholder {{{placeholder}}}; use {' and '.join(f'{{{one}}}' for one in allowed)}.",
                )
    is_shown = challenge.keep_as is not None or any("{" in text for text in challenge.reply_texts)
    if challenge.read is not None and not is_shown:
        yield ("challenge", "reply"), "add {read}: a fixed answer shows nothing of the challenge."


def _check_reply_headers(challenge: ChallengeFormat) -> Iterator[tuple[NodePath, str]]:
    """Yield headers of an answer that are none, or are not the definition's to say."""
    for name in challenge.reply_headers:
        place: NodePath = ("challenge", "reply", f"header.{name}")
        if _HEADER_NAME.fullmatch(name) is None:
            yield place, "expected header.X with the name of a header."
        elif name.lower() in _FOREIGN_HEADERS:
            yield place, f"the receiver itself says {name}; an answer has the service's own header."
