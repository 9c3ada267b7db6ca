"""Allowances: `# lint: allow RULE - why` accepts the findings of one rule at its line.

The comment stands at the end of the line of the finding, or alone on the line above.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from connector.authoring.rule_catalogue import load_rules
from connector.definition.loader import read_bytes
from connector.definition.parsers import strict_yaml
from connector.definition.suggest import did_you_mean
from connector.errors import DefinitionError, Finding
from connector.first_use import prepare_pattern

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Iterator
    from pathlib import Path

RULE = "allowance"
_COMMENT = prepare_pattern(r"(?:^|(?<=\s))#\s*lint:\s*allow\b[ \t]*(.*)$")
_CONTENT = prepare_pattern(r"(?P<rule>[a-z0-9-]*[a-z0-9])?(?:\s+-\s+(?P<reason>\S.*))?\s*\Z")


class Allowance(NamedTuple):
    """One comment: where it stands, the line that it is for, the rule and the reason."""

    file: str
    line: int
    column: int
    target_line: int
    rule: str
    reason: str

    def fail(self, message: str) -> Finding:
        """Return a finding at the comment."""
        return Finding(self.file, self.line, self.column, RULE, message)


def apply_allowances(paths: Iterable[Path], findings: Iterable[Finding]) -> set[Finding]:
    """Return the findings that no comment allows, with those about the comments themselves."""
    findings = set(findings)
    remaining = set(findings)
    allowances = [allowance for path in paths for allowance in read_allowances(path)]
    used = set()
    for allowance in allowances:
        allowed = {
            finding
            for finding in findings
            if (finding.file, finding.line, finding.rule) == (allowance.file, allowance.target_line, allowance.rule)
        }
        remaining -= allowed
        if allowed:
            used.add(allowance)
    broken_files = {finding.file for finding in remaining if finding.voice == "error"}  # not all rules ran on these
    for allowance in allowances:
        remaining.update(_check_allowance(allowance, is_used=allowance in used or allowance.file in broken_files))
    return remaining


def _check_allowance(allowance: Allowance, *, is_used: bool) -> Iterator[Finding]:
    rules = load_rules()
    if not allowance.rule:
        yield allowance.fail("name the rule, and why it does not hold here: # lint: allow RULE - why")
    elif allowance.rule not in rules:
        yield allowance.fail(f"there is no rule {allowance.rule!r}.{did_you_mean(allowance.rule, rules)}")
    elif not allowance.reason:
        yield allowance.fail(f"add why it does not hold here: # lint: allow {allowance.rule} - why")
    elif not is_used:
        yield allowance.fail(f"line {allowance.target_line} has no finding of {allowance.rule}; remove the comment.")


def read_allowances(path: Path) -> list[Allowance]:
    """Return the allowances of a YAML file; none of a file that cannot be read."""
    try:
        raw = read_bytes(path)
        if b"lint:" not in raw:
            return []
        data, text = strict_yaml.read(raw, str(path)).data, raw.decode("utf-8-sig")
    except DefinitionError:
        return []
    lines = text.splitlines(keepends=True)
    allowances = []
    for index, line in enumerate(lines):
        match = _COMMENT.search(line.rstrip("\r\n"))
        if match is None or not _is_comment(lines, index, match, data):
            continue
        content = _CONTENT.match(match[1])
        rule, reason = (content["rule"] or "", content["reason"] or "") if content else (match[1].split()[0], "")
        stands_alone = not line[: match.start()].strip()
        allowances.append(
            Allowance(str(path), index + 1, match.start() + 1, index + 1 + stands_alone, rule, reason.strip())
        )
    return allowances


def _is_comment(lines: list[str], index: int, match: re.Match[str], data: object) -> bool:
    """Whether a match is a comment, and not a part of some text: without it the data is the same."""
    without = "".join((*lines[:index], lines[index][: match.start()] + "\n", *lines[index + 1 :]))
    try:
        return bool(strict_yaml.read(without.encode(), "").data == data)
    except DefinitionError:
        return False
