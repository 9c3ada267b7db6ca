"""Models are plain data: frozen, compared by their words, and no word of one hides what every model can."""

from __future__ import annotations

import copy
import pickle
from typing import TYPE_CHECKING

import pytest
from support.format_words.words import list_models

from connector.definition.action import Action, Returns
from connector.definition.manifest import Manifest
from connector.definition.validation.model_codec import decode_model, encode_model
from connector.definition.validation.strict_model import StrictModel

if TYPE_CHECKING:
    from connector.definition.loader import Connector


@pytest.mark.parametrize("model", [*list_models(Manifest), *list_models(Action)])
def test_no_word_hides_what_every_model_has(model):
    assert not model.model_fields.keys() & set(dir(StrictModel))


def test_a_model_is_frozen(zoom: Connector):
    with pytest.raises(AttributeError, match="frozen"):
        zoom.manifest.label = "Other"
    with pytest.raises(AttributeError, match="frozen"):
        del zoom.manifest.label


def test_a_model_needs_its_words_and_takes_no_others():
    with pytest.raises(TypeError, match="colour"):
        Returns(colour="red")
    with pytest.raises(TypeError, match="summary"):
        Action(action="a", label="A", request="GET /a")


def test_copies_and_entries_of_a_cache_are_equal_and_remember_what_was_written(zoom: Connector):
    for model in (zoom.manifest, *zoom.actions()):
        for twin in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model), decode_model(encode_model(model))):
            assert twin == model
            assert twin.model_dump(exclude_unset=True) == model.model_dump(exclude_unset=True)


def test_a_model_with_the_key_of_models_is_no_entry():
    assert encode_model(Returns(example={"\0": 0})) is None
    assert encode_model(Returns(example={"": 0, "a": [{"b": 1.5}]})) is not None
