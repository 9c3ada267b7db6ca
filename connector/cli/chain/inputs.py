"""The inputs of a chain on the command line: `-i NAME=VALUE`."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any

from connector.cli.calls import item_values
from connector.core.chain.checks import find_secret_inputs
from connector.core.exchange.plan import CompiledConnector
from connector.core.invalid_value import InvalidValue
from connector.core.redaction import MASK
from connector.errors import InputError, Problem
from connector.first_use import dataclass
from connector.runtime.chain import chain_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.core.chain.chain import Chain
    from connector.definition.loader import Connector


@dataclass(slots=True)
class ChainInputs:
    """Values by name; a name that is given repeatedly has a list. `literal_names` are those of values in the open."""

    values: dict[str, Any] = field(default_factory=dict)
    literal_names: set[str] = field(default_factory=set)

    @classmethod
    def parse(cls, items: Sequence[str]) -> ChainInputs:
        """Return the inputs of `-i`: NAME=VALUE, NAME:=JSON, NAME=@FILE, =env:NAME or =?. Raises InputError."""
        inputs, problems = cls(), []
        collected: dict[str, list[Any]] = {}
        for position, item in enumerate(items, 1):
            name, separator, text = item_values.split_item(item)
            if not separator or not name:
                problem = Problem(
                    f"-i number {position}", MASK, "NAME=VALUE, an input of the chain", "add the = and a value"
                )
                problems.append(problem)
                continue
            try:
                collected.setdefault(name, []).append(inputs._read_value(name, separator, text))
            except InvalidValue as invalid:
                problems.append(Problem(name, MASK, invalid.expected, invalid.fix))
        if problems:
            raise InputError.from_problems("chain", problems)
        inputs.values = {name: values[0] if len(values) == 1 else values for name, values in collected.items()}
        return inputs

    def _read_value(self, name: str, separator: str, text: str) -> Any:
        """Return the value of one item. Raises InvalidValue."""
        if separator == ":=":
            if not text.startswith("@"):
                self.literal_names.add(name)
            return item_values.read_json(name, text)
        if text == "?" or text.startswith("@") or item_values.find_variable(text) is not None:
            return item_values.read_secret(name, separator, text)
        self.literal_names.add(name)
        return text

    def reject_open_secrets(self, chain: Chain, connector: Connector) -> None:
        """Reject a secret that stands on the command line, where other users see it. Raises InputError."""
        if not self.literal_names:
            return
        names = sorted(self.literal_names & find_secret_inputs(chain, connector.derive(CompiledConnector)))
        expected = "a secret from elsewhere than the command line"
        problems = [Problem(name, MASK, expected, item_values.SECRET_FIX.format(key=name)) for name in names]
        if problems:
            raise InputError.from_problems("chain", problems)


def read_chain_with_inputs(raw: bytes, source: str, connector: Connector, items: Sequence[str]) -> Chain | None:
    """Return the chain of a call file with the inputs of -i; None where it has no steps. Raises ConnectorError."""
    inputs = ChainInputs.parse(items)
    chain = chain_file.read_chain(raw, source, connector, inputs.values)
    if chain is not None:
        inputs.reject_open_secrets(chain, connector)
    return chain
