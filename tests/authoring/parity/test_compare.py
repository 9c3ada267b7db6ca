"""The record of the component page and the definitions agree, but for what is declared with a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.planting import plant

from connector import Connector
from connector.authoring import docs
from connector.authoring.folder_reader import ConnectorFolder
from connector.authoring.lint import lint
from connector.authoring.parity import page_record
from connector.authoring.parity.compare import find_differences
from connector.definition.loader import find_bundled_folder

if TYPE_CHECKING:
    from pathlib import Path

    from connector.authoring.parity.page_record import ParityRecord


@pytest.fixture(scope="module")
def folder_and_record() -> tuple[ConnectorFolder, ParityRecord]:
    sources = ConnectorFolder.read(find_bundled_folder())
    assert sources.parity is not None
    record, findings = page_record.parse_record(sources.parity)
    assert record is not None, findings
    return sources, record


def test_the_record_holds_the_whole_page(folder_and_record) -> None:
    _, record = folder_and_record
    page = record.page
    assert (page.component.key, page.component.label) == ("zoom", "Zoom")
    assert len(page.actions) == 22
    assert sum(len(form.inputs) for form in page.actions.values()) == 218
    assert list(page.every_action) == ["connection", "debugRequest"]
    assert list(page.connections) == ["oauth2"]
    assert list(page.triggers) == ["webhookReceiver"]
    for form in page.actions.values():
        assert list(form.inputs) == sorted(form.inputs, key=str.lower), "the page lists its inputs by key"


def test_every_action_and_input_of_the_page_is_there_by_key_and_label(folder_and_record) -> None:
    connector, (_, record) = Connector.open(), folder_and_record
    for key, form in record.page.actions.items():
        action = connector.action(key)
        assert (action.action, action.label) == (key, form.label)
        for name, line in form.inputs.items():
            assert action.inputs[name].label == line.label


def test_what_the_page_requires_is_required_but_where_said(folder_and_record) -> None:
    connector, (_, record) = Connector.open(), folder_and_record
    otherwise = {
        (key, name)
        for key, form in record.page.actions.items()
        for name, line in form.inputs.items()
        if connector.action(key).inputs[name].required != line.required
    }
    assert otherwise == {("createUser", "action"), ("rawRequest", "responseType"), ("updateMeeting", "recurrence")}


def test_each_difference_is_declared_once_with_a_reason(folder_and_record) -> None:
    sources, record = folder_and_record
    real = [entry.key for entry in find_differences(sources, record)]
    declared = [(*place, entry.what) for entry in record.deviations for place in entry.subjects]
    assert sorted(map(str, real)) == sorted(map(str, declared))
    assert len(declared) == len(set(declared))
    assert all(entry.reason.endswith(".") for entry in (*record.deviations, *record.differs))


@pytest.mark.parametrize(
    ("file", "old", "new", "sentence"),
    [
        ("actions/list-users.yaml", "  roleId:\n", "  roleID:\n", "the page has 'Role Id', which is missing here"),
        ("actions/list-users.yaml", "label: List Users", "label: Lists Users", "'List Users' on the page"),
        ("actions/list-webinars.yaml", "    required: true\n", "    default: me\n", "required is 'no' and 'yes' on the page"),
        ("actions/list-users.yaml", "    default: active\n", "    default: pending\n", "default is 'pending' and 'active' on the page"),
        ("actions/get-meeting.yaml", "    aliases: [occurrenceId]\n", "", "alias is as on the page; remove this entry"),
        ("manifest.yaml", "label: Zoom\n", "label: Zoooom\n", "'Zoom' on the page"),
        ("manifest.yaml", "        label: Zoom Webhook Secret Token\n", "        label: Secret Token\n", "'Zoom Webhook Secret Token' on the page"),
        ("parity.yaml", "debugRequest: {label: Debug Request,", "debugRequest: {label: Debug,", "the page has 'Debug', which is missing here"),
        ("parity.yaml", "        status: {label: User Status, type: string, default: active}\n", "", "the page has no such input"),
        ("parity.yaml", "  - connection: oauth2\n    input: [authorizeUrl, tokenUrl]\n", "  - input: [authorizeUrl, tokenUrl]\n", "name an action, connection or trigger"),
    ],
)  # fmt: skip
def test_a_difference_without_a_reason_and_a_reason_without_a_difference_are_told(
    copied: Path, file: str, old: str, new: str, sentence: str
) -> None:
    plant(copied / file, old, new)
    reported = [str(entry) for entry in lint(copied) if entry.rule == "parity"]
    assert any(sentence in entry for entry in reported), reported


def test_an_action_that_the_page_does_not_have_is_told_and_one_that_is_gone(copied: Path) -> None:
    (copied / "actions/list-webinars.yaml").rename(copied / "actions/list-all-webinars.yaml")
    plant(copied / "actions/list-all-webinars.yaml", "action: listWebinars", "action: listAllWebinars")
    reported = [str(entry) for entry in lint(copied)]
    assert len(reported) == 2
    assert "listAllWebinars: the page has no such action" in reported[0]
    assert "parity.yaml" in reported[1]
    assert "'List Webinars', which is missing here" in reported[1]


def test_a_broken_action_is_not_compared(copied: Path) -> None:
    (copied / "actions/update-user.yaml").write_text("action: [\n")
    assert [entry.rule for entry in lint(copied)] == ["yaml"]


def test_the_parity_page_tells_reasons_and_numbers(folder_and_record) -> None:
    _, record = folder_and_record
    text = next(text for path, text in docs.render(find_bundled_folder()).items() if path.name == "parity.md")
    for entry in (*record.deviations, *record.differs):
        assert entry.reason in text
    for better in record.better:
        assert better.what in text
    assert "22 actions, 262 inputs: 189 as on the page, 73 different\nin at least one respect, 20 added." in text
