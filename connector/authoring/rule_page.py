"""Docs page of lint's rules: each with a wrong and a right example, errors first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.authoring.rule_catalogue import load_rules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.authoring.rule_catalogue import Rule

_INTRODUCTION = """\
# Lint

```console
$ connector new shelf --quiet
...
$ connector lint shelf
bookshelf: 5 actions, no problems found.
```

`connector lint [FOLDER]` checks every file of a connector at once and sends nothing. Each finding names file, line,
column, rule and fix. There are two voices:

- An **error** would not run, would lie or would leak. Errors come first, and the exit code is 2.
- **Advice** is about style. It changes the exit code with `--strict` only. `--output json` has each finding's `voice`.

To accept a finding, say so on its line, or alone on the line above it, with the reason:

```yaml
docs: https://bookshelf.example/docs  # lint: allow docs-deep-link - all endpoints stand on one page
```

A comment without a reason, and one that allows nothing, is an error itself. The examples below stand in the connector
that `connector new` writes.

What was found in a large folder, of 200 files or more, is kept in your cache folder: as long as no file changes, it is
told again at once.
"""


def render_rule_page() -> str:
    """Return the page, in Markdown."""
    rules = load_rules()
    lines = [_INTRODUCTION]
    for voice, heading in (("error", "Errors"), ("advice", "Advice")):
        lines += [f"## {heading}", ""]
        for name in sorted(name for name, rule in rules.items() if rule.voice == voice):
            lines += _render_rule(name, rules[name])
    return "\n".join(lines).rstrip() + "\n"


def _render_rule(name: str, rule: Rule) -> Iterator[str]:
    yield from (f"### {name}", "", rule.summary, "")
    if rule.wrong is None or rule.right is None:
        return
    language = "json" if rule.file.endswith(".json") else "yaml"
    for heading, text in ((f"Wrong, in `{rule.file}`:", rule.wrong), ("Right:", rule.right)):
        yield from (heading, "", f"```{language}", text.rstrip("\n"), "```", "")
