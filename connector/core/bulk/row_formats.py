"""The formats of rows, and the suffixes of their files."""

from __future__ import annotations

from connector.errors import UsageError

ROW_FORMATS = ("csv", "jsonl", "yaml", "xlsx")
_FORMAT_BY_SUFFIX = {
    **dict.fromkeys((".csv", ".tsv"), "csv"),
    **dict.fromkeys((".jsonl", ".ndjson"), "jsonl"),
    **dict.fromkeys((".yaml", ".yml", ".json"), "yaml"),
    **dict.fromkeys((".xlsx", ".xlsm"), "xlsx"),
}
_SPREADSHEET_SUFFIXES = (".xls", ".ods", ".numbers")
ROWS_SUFFIXES = (".csv", ".tsv", ".xlsx", ".xlsm", *_SPREADSHEET_SUFFIXES)  # of files that are nothing but rows


def detect_format(name: str, given_format: str | None) -> str:
    """Return the given format, or detect it from the file's suffix. Raises UsageError."""
    suffix = name[name.rfind(".") :].lower() if "." in name else ""
    row_format = given_format or _FORMAT_BY_SUFFIX.get(suffix)
    if row_format is None and suffix in _SPREADSHEET_SUFFIXES:
        raise UsageError(f"{name} is a spreadsheet.", hint="Save it as .xlsx or as CSV, and use that file.")
    if row_format is None:
        hint = f"Set it with --rows-format {'|'.join(ROW_FORMATS)}."
        source_name = "standard input" if name == "-" else name
        raise UsageError(f"The format of the rows of {source_name} cannot be detected from a name.", hint=hint)
    return row_format
