"""Catalogue of lint's rules: the voice, the meaning, and a wrong and a right example of each, in catalogue/*.yaml."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Literal

from connector.definition.parsers import strict_yaml
from connector.definition.validation.strict_model import StrictModel
from connector.definition.validation.words import Text, word

Voice = Literal["error", "advice"]


class Rule(StrictModel):
    """One rule: an `error` would not run, would lie or would leak; `advice` is about style.

    The examples stand in the folder that `connector new` writes: `wrong` or `right` in place of `instead_of`, which is
    `right` itself when absent. A file that is not there, has the example alone.
    """

    voice: Voice = "error"
    summary: Text = word(description="One sentence: what the rule holds a folder to.")
    file: Text = word(description="The file of the examples.")
    instead_of: Text | None = word(default=None, description="The text that the examples replace.")
    wrong: Text | None = word(default=None, description="What has the finding; absent where no text can show it.")
    right: Text | None = word(default=None, description="What has none.")


@cache
def load_rules() -> dict[str, Rule]:
    """Return every rule by its name, in the order of the catalogue's files."""
    rules: dict[str, Rule] = {}
    folder = resources.files("connector.authoring") / "catalogue"  # may be in a zip file
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        entries = strict_yaml.read(file.read_bytes(), file.name).data
        rules |= {name: Rule.model_validate(entry) for name, entry in entries.items()}
    return rules


def find_voice(rule: str) -> Voice:
    """Return the voice of a rule; an error where the catalogue does not know it."""
    rules = load_rules()
    return rules[rule].voice if rule in rules else "error"
