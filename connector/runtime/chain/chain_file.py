"""Call files with `steps`: one chain a file, checked whole before its first call."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connector.core.chain.checks import find_problems
from connector.core.chain.form import ChainReader, is_chain
from connector.core.exchange.plan import CompiledConnector
from connector.definition.loader import read_bytes
from connector.definition.parsers import strict_yaml
from connector.errors import DefinitionError
from connector.runtime.calls.call_file import MAX_CALL_FILE_BYTES
from connector.runtime.calls.call_options import CallOptions

if TYPE_CHECKING:
    from connector.core.chain.chain import Chain, Step
    from connector.definition.loader import Connector
    from connector.definition.parsers.strict_yaml import Document
    from connector.runtime.calls.call_file import CallSource


def load_chain(call: CallSource, connector: Connector, given: Mapping[str, Any] | None = None) -> Chain | None:
    """Return the chain of a file or mapping; None where it holds calls. Raises DefinitionError with every problem.

    `given` are the inputs of this run, in the place of those that the file has.
    """
    if isinstance(call, str | os.PathLike):
        return read_chain(read_bytes(Path(call)), str(call), connector, given)
    if not isinstance(call, Mapping) or not is_chain(call):
        return None
    return _build_chain(strict_yaml.Document("the chain", dict(call)), connector, given)


def read_chain(raw: bytes, source: str, connector: Connector, given: Mapping[str, Any] | None = None) -> Chain | None:
    """Return the chain of a YAML or JSON text; None where it holds calls. Raises DefinitionError with every problem."""
    if b"steps" not in raw:
        return None
    documents = strict_yaml.read_all(raw, source, max_bytes=MAX_CALL_FILE_BYTES)
    chains = [document for document in documents if is_chain(document.data)]
    if chains and len(documents) > 1:
        message = "A file with `steps` holds one chain and no other calls; give each a file of its own."
        raise DefinitionError.from_findings([chains[0].build_finding(("steps",), "chain", message, key=True)])
    return _build_chain(chains[0], connector, given) if chains else None


def _build_chain(document: Document, connector: Connector, given: Mapping[str, Any] | None) -> Chain:
    reader = ChainReader(document, os.environ.get, given)
    chain = reader.read()
    findings = [*reader.findings]
    if not findings or not _is_broken(document):
        problems = [*find_problems(chain, connector.derive(CompiledConnector)), *_find_option_problems(chain)]
        told = {(finding.line, finding.column) for finding in findings}
        more = [document.build_finding(path, "step", text, key=path[-1:] != ("query",)) for path, text in problems]
        findings += [finding for finding in more if (finding.line, finding.column) not in told]
    if findings:
        raise DefinitionError.from_findings(sorted(set(findings)))
    return chain


def _is_broken(document: Document) -> bool:
    """Whether nothing can be said of the steps, since there are none."""
    return not isinstance(document.data.get("steps"), dict)


def _find_option_problems(chain: Chain) -> list[tuple[tuple[str | int, ...], str]]:
    return [
        ((*step.path, problem.field), str(problem)) for step in chain.steps for problem in parse_options(step).problems
    ]


def parse_options(step: Step) -> CallOptions:
    """Return the options of a step's calls."""
    return CallOptions.parse(**step.options)
