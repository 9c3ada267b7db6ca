"""Read the words of a chain; every mistake of its form is a finding at its line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.core.chain.chain import FROM_EACH, FROM_INPUTS, RESERVED_NAMES, Chain, Reference, Step
from connector.core.invalid_value import InvalidValue
from connector.core.query import DataQuery
from connector.definition.suggest import did_you_mean
from connector.first_use import prepare_pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from connector.core.chain.chain import Path
    from connector.definition.parsers.strict_yaml import Document
    from connector.errors import Finding

STEP_OPTIONS = ("timeout", "retry", "account", "limit", "page_size", "connection")
_CHAIN_KEYS = ("inputs", "steps", "keep", "connection")
_STEP_KEYS = ("action", "inputs", "each", "concurrency", *STEP_OPTIONS)
_REFERENCE_KEYS = ("from", "query")
_TEMPLATE = prepare_pattern(
    r"(?:\{\{|\$\{|\{%|<%=)\s*\$?(?:steps\.)?([A-Za-z_]\w{0,63})[^{}%]{0,200}(?:\}\}|\}|%\}|%>)"
)
MAX_CONCURRENCY = 100


def is_chain(data: Any) -> bool:
    """Whether a document of a call file is a chain."""
    return isinstance(data, dict) and "steps" in data


class ChainReader:
    """Reads one chain; `findings` has what is wrong with it. `read_env` returns the value of a variable.

    `given` are the inputs of this run, in the place of those that the file has.
    """

    def __init__(
        self, document: Document, read_env: Callable[[str], str | None], given: Mapping[str, Any] | None = None
    ) -> None:
        self.document, self._read_env, self._given = document, read_env, given or {}
        self.findings: list[Finding] = []
        self._used_sources: set[str] = set()

    def read(self) -> Chain:
        """Return the chain, without the parts that are wrong."""
        data = self.document.data
        self._check_keys(data, (), _CHAIN_KEYS, "a file with steps")
        inputs = self._read_inputs(self._take(data, "inputs", dict, ()))
        defaults = {"connection": data["connection"]} if data.get("connection") is not None else {}
        steps: list[Step] = []
        written_steps = self._take(data, "steps", dict, ())
        if not written_steps:
            self._add(("steps",), "`steps` names at least one step: a name, and its action with inputs.")
        for name, written in written_steps.items():
            sources = [FROM_INPUTS, *(step.name for step in steps)]
            step = self._read_step(str(name), written, sources, list(map(str, written_steps)), defaults)
            if step is not None:
                steps.append(step)
        keep = self._read_keep(data, [FROM_INPUTS, *map(str, written_steps)]) if "keep" in data else None
        if inputs and FROM_INPUTS not in self._used_sources:
            self._add(("inputs",), "`inputs` has no effect: no step takes a value {from: inputs}.", key=True)
        return Chain(tuple(steps), inputs, keep)

    def _read_inputs(self, written: Mapping[str, Any]) -> dict[str, Any]:
        """Return the inputs of this run; one that is written without a value has to be given."""
        inputs = self._read_values(
            {key: value for key, value in written.items() if key not in self._given}, ("inputs",), None
        )
        for key in written:
            if key in self._given:
                inputs[key] = _fit_kind(self._given[key], written[key])
            elif written[key] is None:
                fix = f"give it with -i {key}=VALUE, or write one here"
                self._add(("inputs", key), f"{key} has no value: {fix}.", key=True)
        for key in self._given:
            if key not in written:
                known = f"Known: {', '.join(map(str, written))}." if written else "It has no `inputs`."
                message = (
                    f"There is no input {key!r} in this chain.{did_you_mean(key, list(map(str, written)))} {known}"
                )
                self._add(("inputs",), message, key=True)
        return inputs

    def _read_step(
        self, name: str, written: Any, sources: list[str], all_steps: list[str], defaults: Mapping[str, Any]
    ) -> Step | None:
        path: Path = ("steps", name)
        if not name.isidentifier() or name in RESERVED_NAMES:
            names = " and ".join(RESERVED_NAMES)
            self._add(path, f"{name!r} cannot name a step: use letters, digits and _; {names} are taken.", key=True)
        if not isinstance(written, dict):
            self._add(path, "expected a step: a mapping with `action` and `inputs`.")
            return None
        self._check_keys(written, path, _STEP_KEYS, "a step")
        later = [other for other in all_steps if other not in sources]
        each = None
        if "each" in written:
            each = self._read_value(written["each"], (*path, "each"), sources, later)
            if not isinstance(each, list | Reference):
                self._add((*path, "each"), "`each` is a list, or {from: STEP, query: JMESPATH} that selects one.")
                each = []
        elif written.get("concurrency") is not None:
            self._add((*path, "concurrency"), "`concurrency` has no effect without `each`.", key=True)
        concurrency = written.get("concurrency")
        if concurrency is not None and (type(concurrency) is not int or not 0 < concurrency <= MAX_CONCURRENCY):
            self._add((*path, "concurrency"), f"`concurrency` is a whole number from 1 to {MAX_CONCURRENCY}.")
            concurrency = None
        known = [*sources, FROM_EACH] if "each" in written else sources
        inputs = {
            key: self._read_value(value, (*path, "inputs", key), known, later)
            for key, value in self._take(written, "inputs", dict, path).items()
        }
        options = {key: written[key] for key in STEP_OPTIONS if written.get(key) is not None}
        if not isinstance(written.get("action"), str):
            self._add((*path, "action"), "`action` must name the action to run.")
            return Step(name, "", inputs, each, concurrency, {**defaults, **options})
        return Step(name, written["action"], inputs, each, concurrency, {**defaults, **options})

    def _read_keep(self, data: Any, sources: list[str]) -> dict[str, Any]:
        keep = self._take(data, "keep", dict, ())
        if not keep:
            self._add(("keep",), "`keep` names at least one value: NAME: {from: STEP, query: JMESPATH}.")
        return self._read_values(keep, ("keep",), sources, wants_references=True)

    def _read_values(
        self, written: Mapping[str, Any], path: Path, sources: list[str] | None, *, wants_references: bool = False
    ) -> dict[str, Any]:
        """Read a mapping of values; those of `sources` None may not refer to anything."""
        values = {}
        for key, value in written.items():
            values[key] = self._read_value(value, (*path, key), sources or [], [])
            if wants_references and not isinstance(values[key], Reference):
                self._add((*path, key), "expected {from: STEP, query: JMESPATH}.")
        return values

    def _read_value(self, value: Any, path: Path, sources: list[str], later: list[str]) -> Any:
        """Return a value with the references and variables in it, at any depth."""
        if isinstance(value, dict) and "from" in value:
            is_meant = isinstance(value["from"], str) and value["from"] in (*sources, *later)
            if is_meant:
                self._check_keys(value, path, _REFERENCE_KEYS, "a value from elsewhere")
            if is_meant or set(value) <= {*_REFERENCE_KEYS}:  # else it is a mapping that has such a key
                return self._read_reference(value, path, sources, later)
        if isinstance(value, dict) and set(value) == {"env"} and isinstance(value["env"], str):
            found = self._read_env(value["env"])
            if not found:
                self._add(path, f"The variable {value['env']} is not set: export it first.")
            return found
        if isinstance(value, dict):
            return {key: self._read_value(member, (*path, key), sources, later) for key, member in value.items()}
        if isinstance(value, list):
            return [self._read_value(member, (*path, index), sources, later) for index, member in enumerate(value)]
        if isinstance(value, str):
            self._check_text(value, path, (*sources, *later))
        return value

    def _check_text(self, text: str, path: Path, sources: Collection[str]) -> None:
        """Tell of a template of a step's value, which other programs would fill in."""
        named = next((match for match in _TEMPLATE.finditer(text) if match[1] in sources), None)
        if named is not None:
            fix = f"take the value with {{from: {named[1]}, query: JMESPATH}}"
            self._add(path, f"{named[0]} would be sent as it stands, since texts have no templates: {fix}.")

    def _read_reference(self, value: Mapping[str, Any], path: Path, sources: list[str], later: list[str]) -> Any:
        source, expression, query = value["from"], value.get("query"), None
        self._used_sources.add(str(source))
        if source in later:
            self._add((*path, "from"), f"Step {source} comes later; a step takes values from those before it.")
        elif source not in sources:
            hint = did_you_mean(str(source), sources)
            known = f"Known here: {', '.join(sources)}." if sources else "Nothing can be taken from elsewhere here."
            self._add((*path, "from"), f"There is no {source!r} to take a value from.{hint} {known}")
        if "query" in value:
            try:
                query = DataQuery(expression) if isinstance(expression, str) else None
                if query is None:
                    self._add((*path, "query"), "`query` is a JMESPath expression, as a text.")
            except InvalidValue as error:
                self._add((*path, "query"), f"{expression!r} is not {error.expected}: {error.fix}.")
        return Reference(str(source), query, path)

    def _check_keys(self, written: Mapping[Any, Any], path: Path, known: Collection[str], what: str) -> None:
        for key in written:
            if key not in known:
                message = f"Unknown key {key!r} in {what}.{did_you_mean(str(key), known)} Known: {', '.join(known)}."
                self._add((*path, key), message, rule="unknown-word", key=True)

    def _take(self, written: Any, key: str, kind: type, path: Path) -> Any:
        """Return a member, or an empty one where it is missing or of another kind."""
        value = written.get(key)
        if value is not None and not isinstance(value, kind):
            self._add((*path, key), f"`{key}` must be a mapping.")
        return value if isinstance(value, kind) else kind()

    def _add(self, path: Path, message: str, *, rule: str = "chain", key: bool = False) -> None:
        self.findings.append(self.document.build_finding(path, rule, message, key=key))


def _fit_kind(given: Any, written: Any) -> Any:
    """Return a value as the file has it: one of a list is a list of one."""
    return [given] if isinstance(written, list) and not isinstance(given, list) else given
