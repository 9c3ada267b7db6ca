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
EXPECTED_ROWS = "CSV, JSON lines, JSON, YAML or an Excel workbook (.xlsx)"
ROWS_SUFFIXES = (".csv", ".tsv", ".xlsx", ".xlsm", *_SPREADSHEET_SUFFIXES)  # of files that are nothing but rows


def is_text_file(name: str, given_format: str | None) -> bool:
    """Whether rows in such a file are text, rather than a workbook."""
    return given_format != "xlsx" and not name.lower().endswith((".xlsx", ".xlsm", *_SPREADSHEET_SUFFIXES))


def detect_format(name: str, given_format: str | None) -> str:
    """Return the given format, or detect it from the file's suffix. Raises UsageError."""
    suffix = name[name.rfind(".") :].lower() if "." in name else ""
    row_format = given_format or _FORMAT_BY_SUFFIX.get(suffix)
    if row_format is None and suffix in _SPREADSHEET_SUFFIXES:
        raise UsageError(f"{name} is a spreadsheet.", hint="Save it as .xlsx or as CSV, and use that file.")
    if row_format is None:
        hint = f"Say which it is: --rows-format {'|'.join(ROW_FORMATS)}"
        if name != "-":
            hint = f"{hint}. For the text of a file as one input: -i KEY=@{name}"
        source_name = "standard input" if name == "-" else name
        raise UsageError(
            f"No name says how the rows of {source_name} are written. Rows are {EXPECTED_ROWS}.", hint=hint
        )
    return row_format
