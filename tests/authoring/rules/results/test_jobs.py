"""A job that could not be followed is found before it is started."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from connector.authoring.lint import lint

SALESFORCE = Path(__file__).parents[4] / "examples" / "salesforce"
FILE = "actions/create-query-job.yaml"
STATES = "  until: {state: [JobComplete]}\n  failed: {state: [Failed, Aborted]}\n"
POLL = "  action: getQueryJob\n  inputs: {jobId: id}\n"
THEN = "then: {action: listQueryResults, inputs: {jobId: id}}"


@pytest.mark.parametrize(
    ("old", "new", "rule", "message"),
    [
        (POLL, "  action: getQueryJobs\n  inputs: {jobId: id}\n", "job", "there is no action 'getQueryJobs'. Did you mean 'getQueryJob'?"),
        (POLL, "  action: getQueryJob\n", "job", "getQueryJob requires 'jobId'"),
        (POLL, "  action: getQueryJob\n  inputs: {jobId: id, jobID: id}\n", "job", "no input 'jobID'"),
        (POLL, "  action: getQueryJob\n  inputs: {jobId: job.id}\n", "job", "no reply of createQueryJob has 'job.id'"),
        (POLL, "  action: createQueryJob\n", "job", "may change something"),
        (POLL, "  action: createQueryJob\n", "job", "starts a job itself"),
        (POLL, "  action: query\n", "job", "returns a list"),
        (STATES, "  until: {status: [JobComplete]}\n", "job", "no reply of getQueryJob has 'status'"),
        (STATES, "  until: {state: []}\n", "job", "list the values"),
        (STATES, "  until: {state: [Failed]}\n  failed: {state: [Failed]}\n", "job", "'Failed' stands under `until` too"),
        (THEN, "then: {action: listQueryResults, inputs: {jobId: key}}", "job", "no reply of getQueryJob has 'key'"),
        (THEN, f"pagination: {{items: rows}}\n{THEN}", "no-effect", "returns what `then` lists"),
    ],
)  # fmt: skip
def test_each_mistake_is_told_at_its_place(tmp_path: Path, old: str, new: str, rule: str, message: str) -> None:
    folder = Path(shutil.copytree(SALESFORCE, tmp_path / "salesforce"))
    text = (folder / FILE).read_text()
    assert text.count(old) == 1
    (folder / FILE).write_text(text.replace(old, new))
    found = [finding for finding in lint(folder) if finding.rule == rule and message in finding.message]
    assert [finding.file.endswith(FILE) for finding in found] == [True]


def test_results_need_a_job(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(SALESFORCE, tmp_path / "salesforce"))
    text = (folder / FILE).read_text()
    (folder / FILE).write_text(text[: text.index("poll:")] + text[text.index("then:") :])
    assert [finding.message for finding in lint(folder) if finding.rule == "no-effect"] == [
        "it follows a job or an upload; say with `poll` how to ask for one."
    ]


def test_one_mistake_in_poll_is_told_once_with_what_a_length_of_time_is(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(SALESFORCE, tmp_path / "salesforce"))
    text = (folder / FILE).read_text()
    (folder / FILE).write_text(text.replace("  timeout: 1h", "  timeout: 1 fortnight"))
    assert [finding.message for finding in lint(folder) if finding.voice == "error"] == [
        "got '1 fortnight'; expected a length of time, such as 5s, 500ms, 2m or 1h."
    ]


def test_a_reply_to_the_start_that_is_rows_is_told_at_what_the_file_has(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(SALESFORCE, tmp_path / "salesforce"))
    text = (folder / FILE).read_text()
    (folder / FILE).write_text(text.replace("returns:\n", "returns:\n  type: csv\n"))
    lines = (folder / FILE).read_text().splitlines()
    told = {(lines[one.line - 1].split(":")[0].strip(), one.message) for one in lint(folder) if one.voice == "error"}
    assert ("poll", "the reply to the start has no fields: it is csv.") in told
    assert ("example", "rows are a list: write the example as one.") in told
    assert not [message for _, message in told if "remove it" in message]
