"""A word is in the format because two services need it: each is used by two connectors, or says why it is not."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest
from support.format_words.words import iter_used, list_words

from connector.definition.loader import Connector

ROOT = Path(__file__).parents[2]
FOLDERS = [
    ROOT,
    *(path.parent for top in ("examples", "tests/connectors") for path in (ROOT / top).rglob("manifest.yaml")),
]

AGE = "connectors get it as they grow older, and these are young"
IMPORTED = "imports write it, as the descriptions of APIs have it"
FORM = "one of several forms of the same thing, which stand and fall together"
SHORT = "the short form of its holder says the same"
BUNDLED = "the page that the bundled connector mirrors has it"
ONE_SERVICE = "one service is known to need it, and could not be called without it"
EXCEPTIONS = {
    "Manifest.requires": AGE,
    "Action.was": AGE,
    "Action.deprecated": AGE,
    "InputField.was": AGE,
    "InputField.deprecated": AGE,
    "Deprecation.since": AGE,
    "Deprecation.use": AGE,
    "Deprecation.why": AGE,
    "FormField.type: list of boolean": IMPORTED,
    "FormField.type: map of integer": IMPORTED,
    "FormField.type: map of number": IMPORTED,
    "FormField.type: map of object": IMPORTED,
    "Variant.when": IMPORTED,
    "InputField.wire: milliseconds": FORM,
    "InputField.unit: minutes": FORM,
    "InputField.wire: date": FORM,
    "ConnectionType.algorithm: ES256": FORM,
    "RequestSignature.hash": FORM,
    "RequestSignature.hash: sha1": FORM,
    "RequestSignature.hash: sha512": FORM,
    "RequestSignature.secret": FORM,
    "RequestSignature.secret: base64": FORM,
    "SignedTimestamp.unit: iso": FORM,
    "ErrorFormat.unit": FORM,
    "ErrorFormat.unit: ms": FORM,
    "Signature.algorithm": FORM,
    "Signature.algorithm: ed25519": FORM,
    "Signature.algorithm: rsa_sha256": FORM,
    "Signature.algorithm: ecdsa_sha256": FORM,
    "Signature.hash: sha512": FORM,
    "Signature.unit: iso": FORM,
    "Signature.secret: hex": FORM,
    "Signature.secret: pem": FORM,
    "ChallengeFormat.method: HEAD": FORM,
    "Cloud.device_authorization_url": FORM,
    "EventIdentity.id": SHORT,
    "FormField.type: pairs": BUNDLED,
    "InputField.aliases": BUNDLED,
    "ConnectionType.unsupported_aliases": BUNDLED,
    "ConnectionType.test": BUNDLED,
    "ResourceDefinition.aliases": BUNDLED,
    "EmittedEvents.within": BUNDLED,
    "FileListing.suffix": BUNDLED,
    "FileListing.may_be_json": BUNDLED,
    "ConnectionType.pkce": ONE_SERVICE,
    "ConnectionType.token_field": ONE_SERVICE,
    "ConnectionType.realm": ONE_SERVICE,
    "ConnectionType.key_id": ONE_SERVICE,
    "ConnectionType.allowed_actions": ONE_SERVICE,
    "ConnectionInput.scheme": ONE_SERVICE,
    "FormField.group": ONE_SERVICE,
    "PaginationSettings.first": ONE_SERVICE,
    "Subaccounts.header": ONE_SERVICE,
    "Idempotency.lifetime": ONE_SERVICE,
    "ChallengeFormat.token": ONE_SERVICE,
    "ChallengeFormat.signed": ONE_SERVICE,
    "ChallengeToken.at": ONE_SERVICE,
    "ChallengeToken.input": ONE_SERVICE,
    "ChangingParts.paths": ONE_SERVICE,
    "Action.idempotent: False": ONE_SERVICE,
    "ActionPagination.item": ONE_SERVICE,
    "Upload.credential": ONE_SERVICE,
    "PartialFailure.done": ONE_SERVICE,
}


@pytest.fixture(scope="module")
def rare_words() -> set[str]:
    """The words and values that fewer than two connectors use."""
    users = defaultdict(set)
    for folder in FOLDERS:
        for word in iter_used(Connector.open(folder)):
            users[word].add(folder)
    return {str(word) for word in list_words() if len(users[word]) < 2}


def test_every_word_has_two_users_or_a_reason(rare_words: set[str]) -> None:
    assert sorted(rare_words - EXCEPTIONS.keys()) == []


def test_every_reason_is_still_needed(rare_words: set[str]) -> None:
    assert sorted(EXCEPTIONS.keys() - rare_words) == []
