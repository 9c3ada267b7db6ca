"""The files of a connector's folder, each read on its own: what one of them lacks hides nothing of the others."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from connector.authoring.draft import Draft, mended
from connector.definition import schema_validation as shape
from connector.definition import strict_yaml
from connector.definition.action import Action
from connector.definition.fields import camel
from connector.definition.loader import Connector, read_bytes
from connector.definition.manifest import Manifest
from connector.errors import DefinitionError, Finding

if TYPE_CHECKING:
    from pathlib import Path

    from connector.authoring.draft import Kind
    from connector.definition.strict_yaml import Document

_BLANK = Manifest(connector="x", label="-", summary="-", base_url="https://-.example")


@dataclass
class Sources:
    """What lint reads of a folder; `findings` is what could not be read, or has no sound shape."""

    folder: Path
    manifest: Draft[Manifest] | None = None
    actions: list[Draft[Action]] = field(default_factory=list)
    objects: dict[str, Document] = field(default_factory=dict)
    choices: dict[str, Document] = field(default_factory=dict)
    events: dict[str, Document] = field(default_factory=dict)
    event_stems: list[str] = field(default_factory=list)
    record: Document | None = None
    stems: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @classmethod
    def read(cls, folder: Path) -> Sources:
        """Read every file of a connector's folder; never raises for what stands in them."""
        sources = cls(folder)
        sources._manifest(folder / "manifest.yaml")
        for path in _listed(folder / "actions", (".yaml", ".yml")):
            sources._action(path)
        if not sources.stems and not sources.findings:
            sources.findings.append(Finding(str(folder / "actions"), 1, 1, "file", "there are no actions."))
        for path in _listed(folder / "schemas" / "objects", (".json",)):
            sources._json(path, sources.objects)
        for path in _listed(folder / "schemas" / "choices", (".json",)):
            sources._json(path, sources.choices)
        for path in _listed(folder / "schemas" / "events", (".json",)):
            sources.event_stems.append(path.stem)
            sources._json(path, sources.events)
        if (folder / "parity.yaml").exists():
            sources.record = sources._document(folder / "parity.yaml")
        return sources

    @cached_property
    def keys(self) -> list[str]:
        """The keys of all actions, those whose files cannot be read included."""
        return sorted({draft.model.action for draft in self.actions} | {camel(stem) for stem in self.stems})

    @cached_property
    def connector(self) -> Connector:
        """The connector that the readable files make."""
        return _Drafted(self)

    @property
    def shared(self) -> Manifest:
        """The manifest, or a blank one in place of a broken one."""
        return self.manifest.model if self.manifest else _BLANK

    def choices_path(self, name: str) -> Path:
        """Return where a file of choices is kept."""
        return self.folder / "schemas" / "choices" / f"{name}.json"

    def objects_path(self, name: str) -> Path:
        """Return where the schema of an object is kept."""
        return self.folder / "schemas" / "objects" / f"{name}.json"

    def told(self, path: Path) -> bool:
        """Whether a file has been told of already, as one that cannot be read."""
        return any(one.file == str(path) for one in self.findings)

    def _manifest(self, path: Path) -> None:
        if not path.is_file():
            self.findings.append(Finding(str(path), 1, 1, "file", "there is no manifest.yaml."))
            return
        self.manifest = self._draft(path, Manifest)

    def _action(self, path: Path) -> None:
        refusal = _unfit(path)
        if refusal:
            self.findings.append(Finding(str(path), 1, 1, *refusal))
            return
        self.stems.append(path.stem)
        draft = self._draft(path, Action)
        if draft is not None:
            self.actions.append(draft)

    def _draft(self, path: Path, kind: type[Kind]) -> Draft[Kind] | None:
        document = self._document(path)
        if document is None:
            return None
        model, damaged = mended(document.data, kind)
        if model is None or damaged:
            self.findings += shape.findings(document, kind)
        return Draft(path, document, model, damaged) if model is not None else None

    def _document(self, path: Path) -> Document | None:
        try:
            return strict_yaml.read(read_bytes(path), str(path))
        except DefinitionError as error:
            self.findings += error.findings
            return None

    def _json(self, path: Path, into: dict[str, Document]) -> None:
        """Read a file of JSON; the reader of YAML reads it too, and knows where everything stands."""
        try:
            raw = read_bytes(path)
            json.loads(raw)
            into[path.stem] = strict_yaml.read(raw, str(path))
        except DefinitionError as error:
            self.findings += error.findings
        except (ValueError, RecursionError) as error:
            place = getattr(error, "lineno", 1), getattr(error, "colno", 1)
            self.findings.append(Finding(str(path), *place, "json", f"{getattr(error, 'msg', error)}."))


class _Drafted(Connector):
    """A connector of drafts: what cannot be read is not there, and nothing is read again."""

    def __init__(self, sources: Sources) -> None:
        super().__init__(sources.folder, sources.shared)
        self._drafts = {draft.model.action: draft.model for draft in sources.actions}
        self._choices = sources.choices

    def action(self, name: str) -> Action:
        return self._drafts[name]

    def choices(self, name: str) -> dict[str, str]:
        data = self._choices[name].data if name in self._choices else None
        return data if isinstance(data, dict) else {}


def _listed(folder: Path, suffixes: tuple[str, ...]) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.suffix in suffixes and not path.name.startswith("."))


def _unfit(path: Path) -> tuple[str, str] | None:
    """Return rule and sentence of what keeps an entry of actions/ from being an action's file."""
    if path.suffix != ".yaml":
        return "file-name", f"this is never read; call it {path.stem}.yaml."
    if path.is_symlink() and not _inside(path):
        return "file", "this link leads out of actions/, or nowhere; put the file itself here."
    if path.is_dir():
        return "file", "this is a folder; an action is a file."
    if not path.is_file():
        return "file", "this is no plain file."
    return None


def _inside(path: Path) -> bool:
    try:
        return path.resolve(strict=True).parent == path.parent.resolve()
    except (OSError, RuntimeError):
        return False
