"""The record of an import, `import.json` in the connector's folder: what a later import compares with."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, field, replace
from typing import TYPE_CHECKING, Any

from connector.authoring.importing.merge.files import read_text, write_text
from connector.authoring.importing.merge.words import digest_text
from connector.definition.loader import read_bytes
from connector.errors import DefinitionError, Finding
from connector.first_use import dataclass

if TYPE_CHECKING:
    from pathlib import Path

    from connector.authoring.importing.merge.words import Digests

FILE_NAME = "import.json"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Source:
    """A description that was imported: its name, without a folder, and the SHA-256 of its bytes."""

    name: str
    sha256: str

    @classmethod
    def of(cls, name: str, raw: bytes) -> Source:
        """Return the source of a description's bytes."""
        return cls(name, hashlib.sha256(raw).hexdigest())


@dataclass(frozen=True, slots=True)
class FileRecord:
    """What an import says of a file: the digests of its whole text and of each word; and the action's request line.

    `written` is the digest of what an unfinished import puts there, with the author's words in it.
    """

    text: str
    words: Digests
    request: str | None = None
    written: str | None = None


@dataclass(frozen=True, slots=True)
class ImportRecord:
    """One import. `unfinished` has the files of one that may have been interrupted: each is as it was, or as here."""

    sources: tuple[Source, ...] = ()
    version: str = ""  # of this package
    flags: dict[str, Any] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)  # request line -> why
    files: dict[str, FileRecord] = field(default_factory=dict)  # path in the folder -> what was written
    unfinished: dict[str, FileRecord] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> ImportRecord | None:
        """Return the record of a folder, or None where nothing was imported. Raises DefinitionError."""
        path = folder / FILE_NAME
        if not path.exists():
            return None
        try:
            return cls._parse(json.loads(read_bytes(path)))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            message = f"this is not the record of an import ({error}); take it from version control, or remove it"
            hint = "Without it, every file counts as the author's, and is left as it is."
            finding = Finding(str(path), getattr(error, "lineno", 1), 1, "file", f"{message}.")
            raise DefinitionError(f"{path}: {message}.", findings=(finding,), hint=hint) from None

    @classmethod
    def _parse(cls, data: dict[str, Any]) -> ImportRecord:
        if data["import"] != FORMAT:
            raise ValueError(f"its format is {data['import']!r}, and this version reads {FORMAT}")
        return cls(
            tuple(Source(**source) for source in data["sources"]),
            data["version"],
            data["flags"],
            data["left_out"],
            {path: FileRecord(**record) for path, record in data["files"].items()},
            {path: FileRecord(**record) for path, record in data.get("unfinished", {}).items()},
        )

    def list_bases(self, folder: Path) -> dict[str, FileRecord]:
        """Return what each file was made from: by the unfinished import where that had come to it. Raises OSError."""
        bases = dict(self.files)
        for path, record in self.unfinished.items():
            text = read_text(folder / path)
            if text is not None and digest_text(text) == record.written:
                bases[path] = replace(record, written=None)
        return bases

    def beside(self, former: ImportRecord) -> ImportRecord:
        """Return this record with what a former one says of other descriptions: of the API, or of its webhooks."""
        names = {source.name for source in self.sources}
        sources = [*self.sources, *(source for source in former.sources if source.name not in names)]
        return replace(
            self,
            sources=tuple(sorted(sources, key=lambda source: source.name)),
            flags={**former.flags, **self.flags},
            left_out=self.left_out or former.left_out,
        )

    def write(self, folder: Path) -> None:
        """Write the record, whole or not at all. Raises OSError."""
        write_text(folder / FILE_NAME, self.to_text())

    def to_text(self) -> str:
        """Return the record as JSON with a line for each file, so that a difference shows which ones changed."""
        parts = {
            "import": _to_json(FORMAT),
            "version": _to_json(self.version),
            "sources": _to_json([asdict(source) for source in self.sources]),
            "flags": _to_json(self.flags),
            "left_out": _write_lines({request: _to_json(why) for request, why in self.left_out.items()}),
            "files": _write_lines({path: _write_record(record) for path, record in self.files.items()}),
        }
        if self.unfinished:
            parts["unfinished"] = _write_lines({path: _write_record(one) for path, one in self.unfinished.items()})
        return "{\n" + ",\n".join(f"{_to_json(name)}: {text}" for name, text in parts.items()) + "\n}\n"


def _write_record(record: FileRecord) -> str:
    return _to_json({name: value for name, value in asdict(record).items() if value is not None})


def _write_lines(members: dict[str, str]) -> str:
    lines = [f"  {_to_json(name)}: {members[name]}" for name in sorted(members)]
    return "{\n" + ",\n".join(lines) + "\n}" if lines else "{}"


def _to_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
