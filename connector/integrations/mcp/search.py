"""Search among actions: which ones a sentence is about, best first."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from connector.definition.forms.action_heads import read_input_labels
from connector.definition.resource import list_path_nouns
from connector.first_use import dataclass
from connector.integrations.mcp import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from connector.definition.forms.action_heads import ActionHead
    from connector.definition.loader import Connector

MAX_FOUND = 8  # actions of an answer
_LABEL, _PATH, _SUMMARY, _INPUT = 3.0, 2.0, 1.6, 0.5  # how much a word says where it stands
_SYNONYM_VALUE = 0.55
_COVERAGE_VALUE = 2.5  # an action whose name says nothing else than the question
_ORDER_VALUE = 0.5  # create and add are asked for each other, so the intent counts for more than the word
_INTENT_VALUE = 2.2
_OTHER_INTENT_VALUE = -1.2


@dataclass(frozen=True, slots=True)
class _IndexedAction:
    name: str
    weights: dict[str, float]  # by stem
    label_terms: tuple[str, ...]
    intents: frozenset[str]


class ActionSearch:
    """Finds actions by the words of their names, paths, summaries and inputs."""

    def __init__(self, connector: Connector, heads: Iterable[ActionHead]) -> None:
        self._actions = [_index(head, read_input_labels(connector, head)) for head in heads]
        counts = Counter(term for indexed in self._actions for term in indexed.weights)
        total = len(self._actions)
        self._rarity = {term: math.log(1 + total / (1 + count)) for term, count in counts.items()}

    def find(self, question: str, limit: int = MAX_FOUND) -> list[str]:
        """Return the names of the actions that fit a question, best first."""
        order = words.find_order(question)
        matches = {
            term: self._match_vocabulary(term, _ORDER_VALUE if term == order else 1.0)
            for term in words.list_terms(question)
        }
        intents = words.find_intents(question)
        scores = {indexed.name: self._score(indexed, matches, intents) for indexed in self._actions}
        best = sorted((-score, name) for name, score in scores.items() if score > 0)
        return [name for _, name in best[:limit]]

    def _match_vocabulary(self, term: str, weight: float) -> dict[str, float]:
        """Return the stems of the vocabulary that a stem stands for, with the value of each, times `weight`."""
        synonyms = words.list_synonyms(term)
        matches = {}
        for known in self._rarity:
            value = words.compare(term, known)
            if known in synonyms:
                value = max(value, _SYNONYM_VALUE)
            if value:
                matches[known] = value * weight
        return matches

    def _score(self, indexed: _IndexedAction, matches: dict[str, dict[str, float]], intents: frozenset[str]) -> float:
        total = 0.0
        for known in matches.values():
            values = (
                weight * known[term] * self._rarity[term] for term, weight in indexed.weights.items() if term in known
            )
            total += max(values, default=0.0)
        if not total:
            return 0.0
        total += _INTENT_VALUE if intents & indexed.intents else _OTHER_INTENT_VALUE
        return total + _COVERAGE_VALUE * self._cover(indexed, matches)

    def _cover(self, indexed: _IndexedAction, matches: dict[str, dict[str, float]]) -> float:
        """Return which part of an action's name the question asks for, from 0 to 1."""
        terms = indexed.label_terms
        values = [max((known.get(term, 0.0) for known in matches.values()), default=0.0) for term in terms]
        weights = [self._rarity[term] for term in terms]
        return sum(map(float.__mul__, values, weights)) / sum(weights) if terms else 0.0


def _index(head: ActionHead, labels: Mapping[str, str]) -> _IndexedAction:
    nouns = list_path_nouns(head.path)
    parts = (
        (_INPUT, " ".join(f"{key} {label}" for key, label in labels.items())),
        (_SUMMARY, head.summary),
        (_PATH, " ".join(nouns)),
        (_LABEL, f"{head.label} {head.action}"),
    )
    weights = {term: weight for weight, text in parts for term in words.list_terms(text)}
    order = words.find_order(head.label)
    label_terms = tuple(term for term in dict.fromkeys(words.list_terms(head.label)) if term != order)
    by_method = words.INTENTS_BY_METHOD.get(head.method)
    intents = words.find_intents(head.label) | (frozenset([by_method]) if by_method else frozenset())
    return _IndexedAction(head.name, weights, label_terms, intents)
