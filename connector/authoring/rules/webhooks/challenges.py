"""Rules of challenges: what is answered, and to whom."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from connector.definition.json_path import parse_delivery_path
from connector.definition.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.definition.parsers.strict_yaml import NodePath
    from connector.definition.trigger import ChallengeFormat, Trigger

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_DIGESTS = ("hex", "base64")


def check_challenge(trigger: Trigger) -> Iterator[tuple[NodePath, str]]:
    """Yield mistakes of a trigger's challenge, each with its place in the trigger."""
    challenge = trigger.challenge
    if challenge is None:
        return
    for word, message in (*_check_place(trigger, challenge), *_check_token(trigger, challenge)):
        yield ("challenge", *word), message
    yield from _check_reply(trigger, challenge)


def _check_place(trigger: Trigger, challenge: ChallengeFormat) -> Iterator[tuple[NodePath, str]]:
    if challenge.at is not None and challenge.is_ is None:
        yield ("at",), "`at` has no effect without `is`, what stands there."
    if challenge.is_ is not None and challenge.at is None and (trigger.event.name is None or trigger.event.each):
        yield ("is",), "add `at`: where a delivery says that it is a challenge."
    read = parse_delivery_path(challenge.read) if challenge.read else None
    if challenge.method == "GET" and (read is None or read.query is None):
        yield ("read",), "`read` must be query.x: a challenge by GET has no body."
    if challenge.method == "GET" and challenge.at is not None and parse_delivery_path(challenge.at).segments:
        yield ("at",), "`at` must be query.x or header.X: a challenge by GET has no body."
    if challenge.is_ is None and challenge.is_signed and (read is None or read.header is None):
        word: NodePath = () if read is None else ("read",)
        yield word, "add `is` and `at`, which tell a challenge from an event."


def _check_token(trigger: Trigger, challenge: ChallengeFormat) -> Iterator[tuple[NodePath, str]]:
    if challenge.token is None:
        return
    inputs = [key for key, field in trigger.inputs.items() if field.secret]
    if challenge.token.input not in inputs:
        suggestion = did_you_mean(challenge.token.input, inputs)
        yield ("token", "input"), f"there is no input {challenge.token.input!r} of type password.{suggestion}"
    if challenge.is_signed:
        yield ("token",), "a challenge that is verified as an event needs no token; remove it."


def _check_reply(trigger: Trigger, challenge: ChallengeFormat) -> Iterator[tuple[NodePath, str]]:
    """Yield mistakes of the answer; nobody may have a text of their own signed."""
    can_sign = trigger.signature is not None and not trigger.signature.has_public_key and challenge.is_signed
    allowed = ("read", *(_DIGESTS if can_sign else ())) if challenge.read else ()
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
    if challenge.read is not None and not any("{" in text for text in challenge.reply_texts):
        yield ("challenge", "reply"), "add {read}: a fixed answer shows nothing of the challenge."
