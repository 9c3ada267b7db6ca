"""The report of an import tells the grade of each operation, why, what was guessed, and what a person decides."""

from __future__ import annotations

import json

from connector.authoring.importing.evidence.inferred import Inferred
from connector.authoring.importing.grades import QUESTIONS, Guess, ImportGrades, Note, OperationGrade, grade_operation
from tests.support.pages.api_descriptions import read_operations

GUESS = Guess.of("pagination", Inferred({"style": "none"}, ("query.limit alone",), "Is there a | second page?"))
GRADES = ImportGrades(
    (
        OperationGrade("GET /books", "listBooks", guesses=(GUESS,)),
        OperationGrade("PUT /books/{id}", "putBook", (Note("opaque", "body.tree", "it is nested too deeply"),)),
        OperationGrade("POST /x", None, (Note("opaque", "body", "XML"), Note("not runnable", "cookie.s", "a cookie"))),
    )
)


def test_the_grade_of_an_operation_is_its_worst_note() -> None:
    assert [one.grade for one in GRADES.operations] == ["whole", "opaque", "not runnable"]
    assert GRADES.counts == {"whole": 1, "opaque": 1, "lost": 0, "not runnable": 1}


def test_the_report_as_data_has_every_operation_guess_and_question() -> None:
    report = json.loads(json.dumps(GRADES.to_dict()))
    assert [one["request"] for one in report["operations"]] == ["GET /books", "PUT /books/{id}", "POST /x"]
    assert report["operations"][0]["guesses"][0]["question"] == "Is there a | second page?"
    assert report["operations"][2]["notes"][1] == {"grade": "not runnable", "place": "cookie.s", "reason": "a cookie"}
    assert len(report["questions"]) == len(QUESTIONS)


def test_the_page_tells_reasons_guesses_and_what_a_person_decides() -> None:
    page = GRADES.to_markdown()
    assert "| not runnable | 1 |" in page
    assert "| `POST /x` | left out | `cookie.s` | a cookie |" in page
    assert "| `PUT /books/{id}` | putBook | `body.tree` | it is nested too deeply |" in page
    assert r"| `GET /books` pagination | query.limit alone | Is there a \| second page? |" in page
    assert all(question in page for _, question in QUESTIONS)


def test_notes_tell_what_the_format_cannot_say() -> None:
    parameters = [
        {"name": "sid", "in": "cookie", "required": True, "schema": {}},
        {"name": "theme", "in": "cookie", "schema": {}},
        {"name": "ids", "in": "query", "style": "pipeDelimited", "schema": {}},
        {"name": "page", "in": "query", "schema": {}},
    ]
    body = {"content": {"application/xml": {"schema": {"type": "object"}, "example": "<a/>"}}}
    (operation,) = read_operations({"/x": {"post": {"parameters": parameters, "requestBody": body, "responses": {}}}})
    notes = {note.place: note.grade for note in grade_operation(operation)}
    assert notes == {"cookie.sid": "not runnable", "cookie.theme": "lost", "query.ids": "lost", "body": "opaque"}
