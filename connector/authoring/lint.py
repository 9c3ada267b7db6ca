"""Lint: every mistake in every file of a connector's folder, at once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from connector.authoring.allowances import apply_allowances
from connector.authoring.folder_reader import ConnectorFolder, ignore_progress
from connector.authoring.parity import page_record
from connector.authoring.parity.compare import check_parity
from connector.authoring.rule_catalogue import find_voice
from connector.authoring.rules import (
    cross_file,
    endpoint,
    error_replies,
    events,
    examples,
    fields,
    files,
    manifest,
    pagination,
    payloads,
    places,
    replies,
    sandbox,
    texts,
)
from connector.authoring.rules.connections import connection_tests, hosts, kinds, sign_ins, value_places
from connector.authoring.rules.inputs import member_places, named_types, relations, shared_inputs, values, variants
from connector.authoring.rules.no_effect import actions as idle_actions
from connector.authoring.rules.no_effect import fields as idle_fields
from connector.authoring.rules.no_effect import manifest as idle_manifest
from connector.authoring.rules.results import failed_parts, jobs, uploads
from connector.authoring.rules.webhooks import event_identity, verification, watches

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from connector.authoring.draft import ParsedFile
    from connector.authoring.folder_reader import Report
    from connector.definition.action import Action
    from connector.errors import Finding

MEMBER_RULES = (
    texts.check_no_templates, fields.check_fields, values.check_values, idle_fields.check_field_words,
    member_places.check_member_places, relations.check_conflicts_mutual, relations.check_unique_keys,
    named_types.check_known_types, variants.check_variants,
)  # fmt: skip
# Of the groups of inputs that a file declares without an action.
TYPE_RULES = (
    texts.check_type_helps, idle_fields.check_member_relations, relations.check_named_members, named_types.check_types,
)  # fmt: skip
ACTION_RULES = (
    files.check_file_name, files.check_key_order,
    texts.check_help_sentences, texts.check_docs_deep_link, *MEMBER_RULES,
    places.check_known_location, places.check_unique_location, places.check_path, places.check_request_path,
    places.check_bodyless_method, places.check_content_type, value_places.check_action_constants,
    idle_fields.check_input_relations, idle_actions.check_action_words, shared_inputs.check_changed_words,
    relations.check_named_inputs, relations.check_choices_from,
    relations.check_deprecated, relations.check_earlier_keys,
    endpoint.check_scopes, endpoint.check_rate, endpoint.check_connections, endpoint.check_server,
    endpoint.check_weight, endpoint.check_idempotent, pagination.check_pagination, jobs.check_job, uploads.check_upload,
    endpoint.check_confirmed_deletion, endpoint.check_downloads, endpoint.check_has_payload,
    payloads.check_payload_fits_schema, payloads.check_columns, failed_parts.check_failed_parts,
)  # fmt: skip
MANIFEST_RULES = (
    files.check_input_key_order,
    texts.check_help_sentences, texts.check_docs_link, *MEMBER_RULES, *TYPE_RULES,
    shared_inputs.check_shared_inputs, idle_manifest.check_resource_words,
    idle_manifest.check_connection_words, idle_manifest.check_shared_words,
    hosts.check_allowed_hosts, hosts.check_base_urls, hosts.check_oauth_urls, hosts.check_clouds,
    kinds.check_kind_words, kinds.check_needed_inputs, kinds.check_used_inputs,
    value_places.check_input_places, value_places.check_unique_places,
    sign_ins.check_logins, sign_ins.check_signatures, sign_ins.check_claims,
    value_places.check_templates, value_places.check_variables,
    manifest.check_allowed_actions, manifest.check_servers, manifest.check_error_rules, manifest.check_shared_locations,
    places.check_shared_content_type,
    error_replies.check_error_format,
    replies.check_error_replies, replies.check_error_paths,
    manifest.check_rates, manifest.check_redaction, pagination.check_manifest_pagination,
    verification.check_triggers, watches.check_watches, sandbox.check_sandbox, events.check_emitted_events,
    event_identity.check_event_identity,
)  # fmt: skip
SOURCE_RULES = (
    values.check_choices_files, payloads.check_object_schemas, events.check_event_files,
)  # fmt: skip


def lint(folder: Path, report: Report = ignore_progress) -> list[Finding]:
    """Return every mistake in a connector's files: errors, then advice. Sends nothing, and raises what `report` does.

    Paths begin with the folder as given: `lint(Path("demo"))` reports `demo/actions/list-things.yaml`.
    """
    sources = ConnectorFolder.read(folder, report)
    for rule in SOURCE_RULES:
        sources.findings += list(rule(sources))
    findings = set(sources.findings)
    if sources.manifest is not None:
        for manifest_rule in MANIFEST_RULES:
            findings.update(sources.place_manifest_findings(manifest_rule(sources.manifest, sources)))
    if sources.types is not None:
        for types_rule in (*MEMBER_RULES, *TYPE_RULES):
            findings.update(sources.types.to_findings(types_rule(sources.types, sources)))
    findings.update(_lint_actions(sources, {(finding.rule, finding.message) for finding in findings}, report))
    findings.update(_lint_across_files(sources))
    findings.update(_lint_connection_tests(sources, findings))
    spoken = (replace(finding, voice=find_voice(finding.rule)) for finding in findings)
    remaining = apply_allowances(sources.list_yaml_files(), spoken)
    return sorted(remaining, key=lambda finding: (finding.voice != "error", finding))


def _lint_actions(folder: ConnectorFolder, told: Collection[tuple[str, str]], report: Report) -> Iterator[Finding]:
    """Yield the mistakes of every action; run its examples unless they would only repeat one.

    What is `told` of a shared input in the manifest is not told again of each action that uses it.
    """
    for number, file in enumerate(folder.actions, 1):
        report("checked", number, len(folder.actions))
        findings = [
            finding
            for rule in ACTION_RULES
            for violation in rule(file, folder)
            for finding in file.to_findings([violation])
        ]
        yield from (one for one in findings if (one.rule, one.message) not in told or not _is_shared(file, one))
        rules = {finding.rule for finding in findings} | ({"endless-type"} & {rule for rule, _ in told})
        if rules.isdisjoint(examples.PREREQUISITE_RULES):
            for rule in (examples.check_examples, replies.check_action_replies):
                yield from file.to_findings(rule(file, folder))


def _is_shared(file: ParsedFile[Action], finding: Finding) -> bool:
    """Whether a finding is about an input that uses a shared one, at a word that the action does not write."""
    uses = (key for key, field in file.model.inputs.items() if field.use is not None)
    positions = (file.document.find_position(("inputs", key), key=is_key) for key in uses for is_key in (True, False))
    return any((finding.line, finding.column) == position for position in positions)


def _lint_connection_tests(folder: ConnectorFolder, findings: Collection[Finding]) -> Iterator[Finding]:
    """Yield the mistakes of connection tests; skip tests whose action has mistakes of its own."""
    if folder.manifest is None:
        return
    broken = {item.file for item in findings if item.rule in examples.PREREQUISITE_RULES}
    checkable = {item.model.action for item in folder.actions if item.is_valid and str(item.path) not in broken}
    yield from folder.manifest.to_findings(connection_tests.check_connection_tests(folder.manifest, folder, checkable))


def _lint_across_files(folder: ConnectorFolder) -> Iterator[Finding]:
    record = None
    if folder.parity is not None:
        record, findings = page_record.parse_record(folder.parity)
        yield from findings
    yield from cross_file.check_key_consistency(folder, record)
    if record is not None:
        yield from check_parity(folder, record)
