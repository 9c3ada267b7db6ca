"""Models of files that were validated before, by what the files say."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeVar

from connector.definition.validation import cache_folder
from connector.definition.validation.model_codec import decode_model, encode_model
from connector.definition.validation.strict_model import StrictModel

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Model = TypeVar("Model", bound=StrictModel)


def read_once(raw: bytes, model: type[Model], shared: Mapping[str, Any], validate: Callable[[], Model]) -> Model:
    """Return the model of a file that uses shared words: the one that is kept, else `validate()`, which is kept."""
    kind = f"{model.__module__}:{model.__name__}"
    digest = cache_folder.compute_digest(kind, raw, json.dumps(shared).encode())
    kept = decode_model(cache_folder.read_entry(digest) or b"")
    if isinstance(kept, model):
        return kept
    validated = validate()
    entry = encode_model(validated)
    if entry is not None:
        cache_folder.keep_entry(digest, entry)
    return validated
