"""Makes the site of the repository's own pages, so that each link leads on the site to what it leads to in a checkout.

The pages keep their places: README.md is the first one, docs/tutorial.md is /docs/tutorial/. What a link names beside a
page, such as an example's file or folder, becomes a page that shows it. Words that people search for are in
search-words.yaml.
"""

from __future__ import annotations

import re
from pathlib import Path
from posixpath import normpath
from typing import TYPE_CHECKING, Any

import yaml
from mkdocs.structure.files import File, Files, InclusionLevel
from pymdownx.superfences import fence_code_format

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[2]
MERMAID = ROOT / "node_modules" / "mermaid" / "dist" / "mermaid.min.js"
TOP = ("README.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")
WORDS: dict[str, list[str]] = yaml.safe_load(Path(__file__).with_name("search-words.yaml").read_text("utf-8"))
PICTURES = {".svg", ".png", ".webp"}
LANGUAGES = {".py": "python", ".yaml": "yaml", ".yml": "yaml", ".json": "json", ".toml": "toml", ".ipynb": "json"}
MOST_FILES = 60  # of a folder that is shown whole; of a larger one the names

LINK = re.compile(r"(!?\[[^\]]*\])\(([^)\s]+)\)")
CODE = re.compile(r"^```.*?^```$|`[^`\n]+`", re.MULTILINE | re.DOTALL)
FENCE = re.compile(r"^```(\w+) (\S+)$", re.MULTILINE)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Write the navigation out, and draw diagrams where the library for that is on this machine.

    A folder stands for its pages, and what this checkout does not have is left out. After `npm install mermaid`,
    diagrams are pictures; else they are the text that they are made of, since a page loads nothing from elsewhere.
    """
    config.nav = _written_out(config.nav)
    if MERMAID.is_file():
        fence = {"name": "mermaid", "class": "mermaid", "format": fence_code_format}
        config.mdx_configs.setdefault("pymdownx.superfences", {})["custom_fences"] = [fence]
        config.extra_javascript.append(MERMAID.name)
    return config


def _written_out(entry: Any) -> Any:
    """Return a part of the navigation with its pages, None where nothing is left."""
    if isinstance(entry, list):
        return [kept for part in entry if (kept := _written_out(part))]
    if isinstance(entry, dict):
        return {name: kept for name, part in entry.items() if (kept := _written_out(part))}
    if entry.endswith("/"):
        pages = sorted((ROOT / entry).glob("*.md"), key=lambda page: (page.name != "README.md", page.name))
        return [page.relative_to(ROOT).as_posix() for page in pages]
    return entry if (ROOT / entry).is_file() else None


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Put the repository's pages in place of those of the folder, and pages for what they link to."""
    made = {file.src_uri: file for file in files if file.src_dir != config.docs_dir}  # the theme's and plugins' own
    waiting = [*TOP, *(path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "docs").rglob("*.md")))]
    while waiting:
        name = waiting.pop()
        if name in made:
            continue
        text = page_text(name)
        is_read = name in TOP or name.startswith("docs/")
        inclusion = InclusionLevel.UNDEFINED if is_read else InclusionLevel.NOT_IN_NAV
        made[name] = File.generated(config, name, content=text, inclusion=inclusion)
        for target in links(text):
            path = _target(name, target)
            if path.suffix in PICTURES and path.is_file():
                place = path.relative_to(ROOT).as_posix()
                made[place] = File.generated(config, place, abs_src_path=str(path))
            elif path.exists() and path.is_relative_to(ROOT):
                waiting.append(page_of(path))
    if MERMAID.is_file():
        made[MERMAID.name] = File.generated(config, MERMAID.name, abs_src_path=str(MERMAID))
    return Files(list(made.values()))


def page_of(path: Path) -> str:
    """Return the page that shows a file or folder."""
    if path.suffix == ".md":
        return path.relative_to(ROOT).as_posix()
    if path.is_file() and path.parent == ROOT:
        return f"files/{path.name}.md"
    return ((path if path.is_dir() else path.parent) / "README.md").relative_to(ROOT).as_posix()


def page_text(name: str) -> str:
    """Return the Markdown of a page: of its file, and of the files of its folder where it stands for an example."""
    path = ROOT / name
    text = path.read_text(encoding="utf-8") if path.is_file() else f"# {Path(name).parent.as_posix()}\n"
    if name.startswith("files/"):
        return f"# {path.stem}\n\n{_shown(ROOT / path.stem, '')}"
    if name in TOP or name.startswith("docs/"):
        return text
    folder = path.parent
    found = [file for file in sorted(folder.rglob("*")) if file.is_file() and _is_source(file)]
    if len(found) > MOST_FILES:
        names = "\n".join(f"- `{file.relative_to(folder).as_posix()}`" for file in found)
        return f"{text}\n## Files\n\n{names}\n"
    return "\n".join([text, *(_shown(file, f"## {file.relative_to(folder).as_posix()}\n\n") for file in found)])


def _is_source(file: Path) -> bool:
    hidden = any(part.startswith(("__", ".")) for part in file.relative_to(ROOT).parts)
    return file.name != "README.md" and not hidden and b"\0" not in file.read_bytes()


def _shown(file: Path, heading: str) -> str:
    return f"{heading}````{LANGUAGES.get(file.suffix, 'text')}\n{file.read_text(encoding='utf-8').rstrip()}\n````\n"


def links(text: str) -> list[str]:
    """Return the targets of a page's links that lead to files."""
    return [target for _, target in LINK.findall(CODE.sub("", text)) if not re.match(r"[a-z]+:|#", target)]


def _target(page: str, target: str) -> Path:
    return ROOT / normpath((Path(page).parent / target.partition("#")[0]).as_posix())


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Write a page's links and fences as the site reads them, and give it the words that people search for."""
    name = page.file.src_uri
    if name in WORDS:
        page.meta["tags"] = WORDS[name]
    elif name.startswith("docs/decisions/"):
        page.meta["search"] = {"boost": 0.001}  # after the pages that say how
    elif name not in TOP and not name.startswith("docs/"):
        page.meta["search"] = {"exclude": True}
    parts = []
    end = 0
    for code in CODE.finditer(markdown):
        parts += [_relinked(markdown[end : code.start()], name), FENCE.sub(_titled, code.group())]
        end = code.end()
    return "".join([*parts, _relinked(markdown[end:], name)])


def _relinked(text: str, name: str) -> str:
    """Return a piece of a page whose links lead to pages where they led to files and folders."""

    def lead(found: re.Match[str]) -> str:
        words, target = found.groups()
        path = _target(name, target)
        if re.match(r"[a-z]+:|#", target) or path.suffix in {".md", *PICTURES} or not path.exists():
            return found.group()
        up = "../" * (len(Path(name).parts) - 1)
        anchor = "" if path.is_dir() or path.parent == ROOT else f"#{_anchor(path.name)}"
        return f"{words}({up}{page_of(path)}{anchor})"

    return LINK.sub(lead, text)


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def _titled(fence: re.Match[str]) -> str:
    """Return the first line of a fence as the site reads it: notes of the tests are titles, or nothing."""
    kind, note = fence.groups()
    word, _, title = note.partition("=")
    return f'```{kind} title="{title}"' if word in {"title", "source"} else f"```{kind}"
