"""How much of each operation an import could say, and what a person has to decide: the report of an import.

Nothing is left out in silence. An operation is whole, opaque (a part of it is given as JSON), has lost something that
is optional, or is not runnable; each note says why. Guesses stand with their evidence and a question.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Literal

from connector.authoring.importing.description import SENT_PLACES
from connector.authoring.importing.evidence.shapes import is_json
from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from connector.authoring.importing.description import ApiBody, ApiParameter, Operation
    from connector.authoring.importing.evidence.inferred import Inferred

Grade = Literal["whole", "opaque", "lost", "not runnable"]
GRADES: tuple[Grade, ...] = ("whole", "opaque", "lost", "not runnable")  # from the best to the worst
_MEANINGS = {
    "whole": "each parameter and field of the description is an input",
    "opaque": "it can be sent, a part of it as JSON that nothing checks",
    "lost": "something optional cannot be said",
    "not runnable": "something that is required cannot be said, or the operation could not be read",
}
_BODY_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data", "application/octet-stream")
_PATH_STYLES, _QUERY_STYLES = ("simple", "json"), ("form", "deepObject", "json")
QUESTIONS = (
    ("errors", "Where do errors have their code and message, and which codes mean what? Descriptions do not say."),
    ("rates", "How many calls does the service allow?"),
    ("idempotent", "Which POST can be sent twice without harm?"),
    ("connections", "What stands before a key in its header, and which scopes does an app ask for?"),
    ("test", "Which call without effects tests a connection, and which of its fields say who is connected?"),
    ("triggers", "How are webhooks signed, and what makes an event unique?"),
)


@dataclass(frozen=True, slots=True)
class Note:
    """Something of an operation that the import could not say in full: the grade it leads to, where, and why."""

    grade: Grade
    place: str
    reason: str


@dataclass(frozen=True, slots=True)
class Guess:
    """Something that was inferred without enough evidence."""

    place: str
    words: dict[str, Any]
    evidence: tuple[str, ...]
    question: str

    @classmethod
    def of(cls, place: str, inferred: Inferred) -> Guess:
        """Return what was inferred for a place as a guess."""
        return cls(place, inferred.words, inferred.evidence, inferred.question or "")


@dataclass(frozen=True, slots=True)
class OperationGrade:
    """One operation as it was imported; without an action, it was left out."""

    request: str
    action: str | None
    notes: tuple[Note, ...] = ()
    guesses: tuple[Guess, ...] = ()

    @property
    def grade(self) -> Grade:
        """The worst of its notes."""
        return GRADES[max((GRADES.index(note.grade) for note in self.notes), default=0)]


@dataclass(frozen=True, slots=True)
class ImportGrades:
    """All operations of an import, and guesses about the whole of it."""

    operations: tuple[OperationGrade, ...]
    guesses: tuple[Guess, ...] = ()

    @property
    def counts(self) -> dict[Grade, int]:
        """How many operations have each grade."""
        counted = Counter(one.grade for one in self.operations)
        return {grade: counted[grade] for grade in GRADES}

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON-safe data."""
        return {
            "grades": self.counts,
            "operations": [_describe_operation(one) for one in self.operations],
            "guesses": [_describe_guess(guess) for guess in self.guesses],
            "questions": [{"word": word, "question": question} for word, question in QUESTIONS],
        }

    def to_markdown(self) -> str:
        """Return the report as a page."""
        return "\n".join(_write_page(self)) + "\n"


def grade_operation(operation: Operation) -> tuple[Note, ...]:
    """Return notes on what the format cannot say of an operation, whatever the import makes of the rest."""
    notes = [note for parameter in operation.parameters if (note := _grade_parameter(parameter)) is not None]
    if operation.body is not None:
        notes += _grade_body(operation.body)
    return tuple(notes)


def _grade_parameter(parameter: ApiParameter) -> Note | None:
    place = f"{parameter.place}.{parameter.name}"
    grade: Grade = "not runnable" if parameter.required else "lost"
    if parameter.place not in SENT_PLACES:
        return Note(grade, place, f"an input cannot go to the place {parameter.place!r}")
    if parameter.place == "path" and parameter.style not in _PATH_STYLES:
        return Note(grade, place, f"a path is not written in the style {parameter.style}")
    if parameter.place == "query" and parameter.style not in _QUERY_STYLES:
        return Note(grade, place, f"a query is not written in the style {parameter.style}")
    return None


def _grade_body(body: ApiBody) -> Iterator[Note]:
    kind = body.content_type.partition(";")[0].strip().lower()
    if is_json(kind) or kind in _BODY_TYPES or kind.startswith("text/"):
        return
    if "xml" in kind:
        yield Note("opaque", "body", f"{kind} is sent as one text")
    else:
        yield Note("opaque", "body", f"{kind} is sent as bytes")


def _describe_operation(one: OperationGrade) -> dict[str, Any]:
    described: dict[str, Any] = {"request": one.request, "action": one.action, "grade": one.grade}
    if one.notes:
        described["notes"] = [{"grade": note.grade, "place": note.place, "reason": note.reason} for note in one.notes]
    if one.guesses:
        described["guesses"] = [_describe_guess(guess) for guess in one.guesses]
    return described


def _describe_guess(guess: Guess) -> dict[str, Any]:
    return {
        "place": guess.place,
        "words": guess.words,
        "evidence": list(guess.evidence),
        "question": guess.question,
    }


def _write_page(grades: ImportGrades) -> Iterator[str]:
    yield "# Import report"
    yield ""
    yield "| grade | operations | meaning |"
    yield "|---|---|---|"
    for grade, count in grades.counts.items():
        yield f"| {grade} | {count} | {_MEANINGS[grade]} |"
    for grade in reversed(GRADES[1:]):
        rows = [(one, note) for one in grades.operations for note in one.notes if one.grade == note.grade == grade]
        if rows:
            yield from (
                "",
                f"## {grade.capitalize()}",
                "",
                "| operation | action | place | reason |",
                "|---|---|---|---|",
            )
            for one, note in rows:
                yield _write_row(f"`{one.request}`", one.action or "left out", f"`{note.place}`", note.reason)
    guesses = [(one.request, guess) for one in grades.operations for guess in one.guesses]
    guesses += [("", guess) for guess in grades.guesses]
    if guesses:
        yield from ("", "## Guesses", "", "| where | evidence | question |", "|---|---|---|")
        for request, guess in guesses:
            where = f"`{request}` {guess.place}".strip() if request else guess.place
            yield _write_row(where, "; ".join(guess.evidence), guess.question)
    yield from ("", "## What only a person can decide", "")
    yield from (f"- `{word}`: {question}" for word, question in QUESTIONS)


def _write_row(*cells: str) -> str:
    return f"| {' | '.join(_escape(cells))} |"


def _escape(cells: Iterable[str]) -> Iterator[str]:
    return (" ".join(cell.replace("|", "\\|").split()) for cell in cells)
