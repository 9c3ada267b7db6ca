"""Rules of an action's endpoint: scopes, rates, who may run it, what may be repeated, how it is paged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.authoring.draft import Mistake
from connector.core.json_path import dig
from connector.core.response.pagination import Words
from connector.definition.action import UPDATES
from connector.definition.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.authoring.draft import Draft
    from connector.authoring.folder_reader import Sources
    from connector.definition.action import Action

_FEWEST_WORDS = 3  # of a reason


def scopes_named(draft: Draft[Action], sources: Sources) -> Iterator[Mistake]:
    """Where people consent to scopes, an action says which let it run."""
    kinds = {one.kind for one in sources.shared.connections.values()}
    scopes = draft.model.scopes
    if draft.model.is_raw or not any(kind.startswith("oauth2") for kind in kinds):
        return
    if not scopes.classic and not scopes.granular:
        yield Mistake(("scopes",), "scopes-named", "say which scopes let a connection run it.", key=True)
    for word in ("classic", "granular"):
        named = getattr(scopes, word)
        for place, scope in enumerate(named):
            if scope in named[:place]:
                yield Mistake(("scopes", word, place), "scopes-named", f"{scope!r} stands twice.")


def rate_named(draft: Draft[Action], sources: Sources) -> Iterator[Mistake]:
    """Where the service counts calls by tier, an action says its tier, and the manifest knows it."""
    rates = sources.shared.rates
    known = sorted({tier for plan in rates.plans.values() for tier in plan} | set(rates.caps))
    if not draft.model.rates and rates.plans and not draft.model.is_raw:
        yield Mistake(("rate",), "rate-named", f"say its rate tier, one of {', '.join(known)}.", key=True)
    for place, name in enumerate(draft.model.rates):
        if sources.manifest and sources.manifest.whole and name not in known:
            path = ("rate", place) if isinstance(draft.model.rate, list) else ("rate",)
            yield Mistake(path, "rate-named", f"the manifest has no rate {name!r}.{did_you_mean(name, known)}")


def connections_known(draft: Draft[Action], sources: Sources) -> Iterator[Mistake]:
    """The kinds of connection that may run it are the manifest's."""
    known = sources.shared.connections
    for place, kind in enumerate(draft.model.connections or ()):
        if sources.manifest and sources.manifest.whole and kind not in known:
            message = f"the manifest has no connection {kind!r}.{did_you_mean(kind, known)}"
            yield Mistake(("connections", place), "connection-known", message)


def repeatable(draft: Draft[Action], _sources: Sources) -> Iterator[Mistake]:
    """A reason makes a POST or PATCH repeatable; `false` makes a PUT or DELETE not."""
    said, method, path = draft.model.repeatable, draft.model.method, ("repeatable",)
    if said is None or draft.lacks("request"):
        return
    if method not in ("POST", "PATCH", "PUT", "DELETE"):
        yield Mistake(path, "repeatable", f"{method or 'a raw request'} says nothing of it.", key=True)
    elif said is False and method in ("POST", "PATCH"):
        yield Mistake(path, "repeatable", f"a {method} is never repeated anyway; leave it out.", key=True)
    elif said is not False and method in ("PUT", "DELETE"):
        yield Mistake(path, "repeatable", f"a {method} may be repeated anyway; leave it out.", key=True)
    elif said is not False and len(said.split()) < _FEWEST_WORDS:
        yield Mistake(path, "repeatable", "say in a sentence why sending it twice does nothing twice.")


def pages_complete(draft: Draft[Action], sources: Sources) -> Iterator[Mistake]:
    """A list says, with the manifest, everything that its way of paging takes, and where its items are."""
    pages = draft.model.pages
    if pages is None or sources.manifest is None or sources.manifest.lacks("pages"):
        return
    words = Words.of(sources.shared, pages)
    needed = {"cursor": ("read", "send"), "last": ("read", "send"), "number": ("send",), "offset": ("send",)}
    missing = [word for word in needed.get(words.by, ()) if getattr(words, word) is None]
    if missing:
        message = f"paging by {words.by} takes {' and '.join(missing)} too, here or in the manifest."
        yield Mistake(("pages",), "pages-complete", message, key=True)
    for word in ("send", "size"):
        if (getattr(pages, word) or "query.x").partition(".")[0] not in ("query", "body"):
            yield Mistake(("pages", word), "pages-complete", "expected a place: query.x or body.x")
    if draft.model.method in (*UPDATES, "DELETE", "HEAD"):
        yield Mistake(("pages",), "pages-complete", f"a {draft.model.method} lists nothing.", key=True)
    yield from _items_there(draft)


def _items_there(draft: Draft[Action]) -> Iterator[Mistake]:
    pages, example = draft.model.pages, draft.model.returns.example
    if pages and example is not None and not isinstance(dig(example, pages.items), list):
        message = f"the example at line {draft.line(('returns', 'example'))} has no list at {pages.items!r}."
        yield Mistake(("pages", "items"), "pages-complete", message)


def downloads_there(draft: Draft[Action], _sources: Sources) -> Iterator[Mistake]:
    """The fields of files to download are texts of the example, and a size is a number; a name has no sign in it."""
    example = draft.model.returns.example
    for place, files in enumerate(draft.model.downloads if example is not None else ()):
        path = ("downloads", place)
        items = dig(example, files.items)
        if not isinstance(items, list):
            yield Mistake((*path, "items"), "downloads", f"the example has no list at {files.items!r}.")
            continue
        texts = [("url", files.url), *(("name", one) for one in files.name)]
        texts += [("extension", files.extension)] if files.extension else []
        for word, field in texts:
            if not any(isinstance(dig(item, field), str) for item in items):
                yield Mistake((*path, word), "downloads", f"no file of the example has a text at {field!r}.")
        if files.size and not any(isinstance(dig(item, files.size), int) for item in items):
            yield Mistake((*path, "size"), "downloads", f"no file of the example has a number at {files.size!r}.")
        if files.token and not isinstance(dig(example, files.token), str):
            yield Mistake((*path, "token"), "downloads", f"the example has no text at {files.token!r}.")


def has_payload(draft: Draft[Action], _sources: Sources) -> Iterator[Mistake]:
    """What comes back is shown: the docs, the sandbox and the reader need it."""
    returns = draft.model.returns
    if returns.example is None and returns.type in ("json", "text"):
        message = "show what comes back: `example` under `returns`."
        yield Mistake(("returns", "example"), "has-example", message, key=True)
