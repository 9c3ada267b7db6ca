"""An asset of a few words of YAML: loaded as Dagster loads it, materialized, and refused with every problem at once."""

from __future__ import annotations

import textwrap
from contextlib import contextmanager

import pytest

from connector import errors
from connector.integrations.work import run_once

dg = pytest.importorskip("dagster", reason="dagster is not installed: pip install '.[dagster]'")
from dagster.components.core.package_entry import discover_entry_point_package_objects  # noqa: E402  after the check
from dagster.components.testing import create_defs_folder_sandbox  # noqa: E402
from dagster_shared.serdes.objects import EnvRegistryKey  # noqa: E402

# Dagster reads a defs.yaml by a function that pydantic has deprecated, and notes its place by classes in beta.
pytestmark = [
    pytest.mark.filterwarnings("ignore:`parse_obj_as` is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.*`(LocalFileCodeReference|CodeReferencesMetadataValue)` is currently in beta"),
]
TYPE = "connector.integrations.dagster.CallComponent"


@contextmanager
def load(text):
    """Load a project whose only component has these attributes; give its definitions."""
    with create_defs_folder_sandbox() as project:
        place = project.defs_folder_path / "zoom"
        place.mkdir()
        (place / "defs.yaml").write_text(f"type: {TYPE}\nattributes:\n{textwrap.indent(textwrap.dedent(text), '  ')}")
        with project.build_all_defs() as definitions:
            yield definitions


def refuse(text):
    """Return the error at the bottom of why a text cannot be loaded."""
    with pytest.raises(Exception, match="Error while") as caught, load(text):
        pass
    error = caught.value
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def materialize(text, instance):
    """Materialize the asset of a text; return its value, its metadata, and what was logged as a warning."""
    with load(text) as definitions:
        (asset,) = definitions.resolve_asset_graph().get_all_asset_keys()
        result = dg.materialize([definitions.get_assets_def(asset)], instance=instance)
        (event,) = result.get_asset_materialization_events()
        metadata = {name: value.value for name, value in event.materialization.metadata.items()}
        logs = instance.all_logs(result.run_id)
        return result.asset_value(asset), metadata, [log.message for log in logs if log.level >= 30]


def test_a_list_is_an_asset_of_all_its_items(service, instance):
    service()
    users, metadata, warned = materialize(
        """
        asset: {key: zoom/users, group_name: zoom, description: Who works here.}
        action: listUsers
        inputs: {status: active}
        connection: acme
        query: '[].email'
        """,
        instance,
    )
    assert users == ["ada@example.com"]
    told = {name: metadata[name] for name in ("status", "outcome", "attempts", "items", "complete", "pages")}
    assert told == {"status": 200, "outcome": "done", "attempts": 1, "items": 1, "complete": True, "pages": 1}
    assert metadata["request_id"]
    assert warned == []


def test_a_list_that_was_cut_says_so(service, instance):
    service()
    for number in range(3):
        run_once("createMeeting", {"userId": "me", "topic": f"Meeting {number}"})
    text = "{asset: {key: meetings}, action: listMeetings, inputs: {userId: me}, limit: 2}"
    meetings, metadata, warned = materialize(text, instance)
    assert len(meetings) == 2
    assert (metadata["items"], metadata["complete"]) == (2, False)
    assert warned == ["listMeetings: the list is not complete."]


def test_an_action_that_returns_no_list_is_an_asset_of_its_data(service, instance):
    refusing = service("429:1")
    text = "{asset: {key: standup}, action: createMeeting, inputs: {userId: me, topic: Standup}}"
    meeting, metadata, _ = materialize(text, instance)
    assert meeting["topic"] == "Standup"
    assert (metadata["status"], metadata["attempts"]) == (201, 2)
    assert refusing.list_topics() == ["Standup"]


def test_the_words_of_the_asset_are_those_of_any_asset(service):
    service()
    text = """
    asset: {key: zoom/users, group_name: zoom, deps: [tenants], owners: ['team:it'], kinds: [zoom],
            partitions_def: {type: static, partition_keys: [a, b]}}
    action: listUsers
    """
    with load(text) as definitions:
        spec = definitions.get_assets_def(dg.AssetKey(["zoom", "users"])).get_asset_spec()
    assert (spec.group_name, spec.owners, spec.kinds) == ("zoom", ["team:it"], {"zoom"})
    assert [dep.asset_key for dep in spec.deps] == [dg.AssetKey("tenants")]
    assert spec.partitions_def.get_partition_keys() == ["a", "b"]


def test_every_problem_of_a_call_is_told_at_once_when_it_is_loaded(service):
    untouched = service()
    text = """
    asset: {key: standup}
    action: createMeeting
    inputs: {topik: Standup, duration: an hour}
    timeout: soon
    page_size: 3
    query: '[.'
    """
    error = refuse(text)
    assert isinstance(error, errors.InputError)
    assert {problem.field for problem in error.problems} == {
        "topik", "duration", "userId", "timeout", "page_size", "query",
    }  # fmt: skip
    assert untouched.asked == []


def test_a_word_that_is_not_known_is_told_with_its_line():
    told = str(refuse("asset: {key: a}\nacton: listUsers"))
    assert "defs.yaml:4" in told
    assert "acton" in told


def test_a_query_that_does_not_fit_fails_without_another_call(service, instance):
    served = service()
    text = "{asset: {key: users}, action: listUsers, query: 'abs([])'}"
    with load(text) as definitions, pytest.raises(dg.Failure, match="the query does not fit"):
        dg.materialize([definitions.get_assets_def("users")], instance=instance)
    assert len(served.asked) == 1


def test_dagster_finds_the_component_in_the_environment():
    found = discover_entry_point_package_objects()
    assert EnvRegistryKey(namespace="connector.integrations.dagster", name="CallComponent") in found
