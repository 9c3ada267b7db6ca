"""Lint: every mistake of every file of a connector's folder at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.authoring.folder_reader import Sources
from connector.authoring.parity import page_record as records
from connector.authoring.parity.compare import parity
from connector.authoring.rules import connection_tests as probes
from connector.authoring.rules import cross_file as across
from connector.authoring.rules import (
    endpoint,
    events,
    examples,
    fields,
    files,
    manifest,
    payloads,
    places,
    relations,
    texts,
    values,
)
from connector.authoring.rules import triggers_and_sandbox as stand_in

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from connector.errors import Finding

ACTION_RULES = (
    files.file_name, files.word_order,
    texts.help_is_a_sentence, texts.no_templates, texts.docs_deep_link,
    fields.field_rules, values.values_fit,
    places.known_place, places.one_place, places.path_complete, places.request_path, places.body_on_get,
    places.words_that_fit,
    relations.needs_exist, relations.not_with_mutual, relations.choices_from_exist, relations.keys_fold,
    endpoint.scopes_named, endpoint.rate_named, endpoint.connections_known, endpoint.repeatable,
    endpoint.pages_complete, endpoint.downloads_there, endpoint.has_payload,
    payloads.example_payload_fits_schema,
)  # fmt: skip
MANIFEST_RULES = (
    files.word_order_of_fields,
    texts.help_is_a_sentence, texts.no_templates, texts.docs_link,
    fields.field_rules, values.values_fit,
    manifest.hosts_cover, manifest.base_url, manifest.connection_inputs, manifest.only_known, manifest.errors_mean,
    manifest.shared_places, manifest.rates_form, manifest.redact_covers,
    stand_in.triggers, stand_in.sandbox, events.emitted,
)  # fmt: skip
SOURCE_RULES = (values.choices_are_texts, payloads.schemas_sound, events.event_files)


def lint(folder: Path) -> list[Finding]:
    """Return every mistake in the files of a connector, by file and line; nothing raises, nothing is sent.

    Files are named as the folder is: `lint(Path("demo"))` tells of `demo/actions/list-things.yaml`.
    """
    sources = Sources.read(folder)
    for rule in SOURCE_RULES:
        sources.findings += list(rule(sources))
    found = set(sources.findings)
    if sources.manifest is not None:
        for check in MANIFEST_RULES:
            found.update(sources.manifest.told(check(sources.manifest, sources)))
    found.update(_actions(sources))
    found.update(_over_all(sources))
    found.update(_tests(sources, found))
    return sorted(found)


def _actions(sources: Sources) -> Iterator[Finding]:
    """Yield the mistakes of every action; its examples run when nothing is left that they would only repeat."""
    for draft in sources.actions:
        told = [finding for rule in ACTION_RULES for finding in draft.told(rule(draft, sources))]
        yield from told
        if not any(finding.rule in examples.BEFORE for finding in told):
            yield from draft.told(examples.examples_run(draft, sources))


def _tests(sources: Sources, found: Collection[Finding]) -> Iterator[Finding]:
    """Yield the mistakes of the calls that test connections; an action that is broken itself is not called."""
    if sources.manifest is None:
        return
    broken = {one.file for one in found if one.rule in examples.BEFORE}
    sound = {one.model.action for one in sources.actions if one.whole and str(one.file) not in broken}
    yield from sources.manifest.told(probes.connection_tests(sources.manifest, sources, sound))


def _over_all(sources: Sources) -> Iterator[Finding]:
    record = None
    if sources.record is not None:
        record, findings = records.read(sources.record)
        yield from findings
    yield from across.same_key_same_meaning(sources, record)
    if record is not None:
        yield from parity(sources, record)
