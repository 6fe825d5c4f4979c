"""Keep both catalogues full without gettext's own programs.

    python -m tools.messages update    extract every string, merge, report
    python -m tools.messages check     fail where a string has no translation, or
                                       Chinese has a comma of the Latin script
    python -m tools.messages compile   write the .mo files that Django reads

Message ids are English sentences. Chinese translations that wait in
`locale/incoming/*.json` ({"English": "中文"}) are taken in by `update`.
"""

import io
import json
import re
import sys
from pathlib import Path

import django
import polib
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from django.conf import settings
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[1]
INCOMING = ROOT / "locale" / "incoming"
SOURCES = ("shop", "partners", "traceability", "logistics", "templates")
KEYWORDS = DEFAULT_KEYWORDS | {
    "gettext_lazy": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "gettext_noop": None,
}
Key = tuple[str, str, str]  # context, singular, plural
# A comma of the Latin script in a Chinese sentence reads like a typing error.
NARROW = re.compile(r"[\u4e00-\u9fff][,:;?!]|[,;?!][\u4e00-\u9fff]")


def extracted() -> set[Key]:
    """Every translatable string of the program and its templates."""
    if not settings.configured:
        settings.configure(USE_I18N=True)
        django.setup()
    found: set[Key] = set()
    for source in SOURCES:
        for path in sorted((ROOT / source).rglob("*")):
            if "migrations" in path.parts:
                continue
            if path.suffix == ".py":
                found |= _strings(path.read_bytes(), path)
            elif path.suffix in {".html", ".txt"} and "templates" in path.parts:
                found |= _strings(_as_python(path), path)
    return found


def _as_python(path: Path) -> bytes:
    """A template as calls of gettext that a Python tokenizer accepts."""
    calls = templatize(path.read_text(encoding="utf-8"), origin=str(path))
    lines = re.findall(
        r"\b(?:n?p?gettext|_)\((?:[^()\"']|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*')*\)",
        calls,
    )
    return "\n".join(line.replace("\n", " ") for line in lines).encode()


def _strings(source: bytes, path: Path) -> set[Key]:
    found: set[Key] = set()
    try:
        for _line, ids, _comments, context in extract(
            "python", io.BytesIO(source), keywords=KEYWORDS, options={}
        ):
            parts = ids if isinstance(ids, tuple) else (ids,)
            texts = [part for part in parts if part]
            if texts:
                plural = texts[1] if len(texts) > 1 else ""
                found.add((context or "", texts[0], plural))
    except SyntaxError as error:
        raise SystemExit(f"{path}: cannot be read for messages: {error}") from error
    return found


def catalogue(language: str) -> polib.POFile:
    """The language's catalogue with what waits in incoming/ already in it."""
    path = ROOT / "locale" / language / "LC_MESSAGES" / "django.po"
    if path.exists():
        book = polib.pofile(str(path))
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        book = polib.POFile()
        book.fpath = str(path)
    plural = (
        "nplurals=1; plural=0;"
        if language == "zh_Hans"
        else ("nplurals=2; plural=(n != 1);")
    )
    book.metadata = {
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Language": language,
        "Plural-Forms": plural,
    }
    if language == "zh_Hans":
        waiting = incoming()
        for entry in book:
            if not _full(entry) and entry.msgid in waiting:
                _fill(entry, waiting.pop(entry.msgid))
        known = {entry.msgid for entry in book}
        for text, translation in waiting.items():
            if text not in known:
                entry = polib.POEntry(msgid=text)
                _fill(entry, translation)
                book.append(entry)
    return book


def incoming() -> dict[str, str]:
    """Chinese translations that wait to be taken in."""
    found: dict[str, str] = {}
    for path in sorted(INCOMING.glob("*.json")):
        found |= json.loads(path.read_text(encoding="utf-8"))
    return found


def _full(entry: polib.POEntry) -> bool:
    if entry.fuzzy:
        return False
    if entry.msgid_plural:
        return bool(entry.msgstr_plural) and all(entry.msgstr_plural.values())
    return bool(entry.msgstr)


def _fill(entry: polib.POEntry, translation: str) -> None:
    if entry.msgid_plural:
        entry.msgstr_plural = {0: translation}
    else:
        entry.msgstr = translation


def merged(language: str, keys: set[Key]) -> polib.POFile:
    """The catalogue with exactly the strings in `keys`, sorted."""
    old = catalogue(language)
    waiting = incoming()
    book = polib.POFile()
    book.fpath, book.metadata = old.fpath, old.metadata
    by_key = {(e.msgctxt or "", e.msgid): e for e in old}
    for context, text, plural in sorted(keys):
        before = by_key.get((context, text))
        entry = polib.POEntry(msgid=text, msgctxt=context or None)
        if plural:
            entry.msgid_plural = plural
        if language == "en":
            if plural:
                entry.msgstr_plural = {0: text, 1: plural}
            else:
                entry.msgstr = text
        elif before is not None and _full(before):
            form = before.msgstr or before.msgstr_plural.get(0, "")
            _fill(entry, form)
        elif text in waiting:
            _fill(entry, waiting[text])
        book.append(entry)
    return book


def missing() -> list[str]:
    """A line for every string that a catalogue lacks, leaves empty or keeps stale."""
    keys = extracted()
    wanted = {(context, text) for context, text, _plural in keys}
    found: list[str] = []
    for language in ("zh_Hans", "en"):
        book = catalogue(language)
        have = {(e.msgctxt or "", e.msgid) for e in book if _full(e)}
        found += [f"{language}: no translation: {t!r}" for _, t in wanted - have]
        found += [f"{language}: narrow mark: {t!r}" for e in book for t in narrow(e)]
    return sorted(found)


def narrow(entry: polib.POEntry) -> list[str]:
    """The entry's Chinese sentences that use marks of the Latin script."""
    forms = [entry.msgstr, *entry.msgstr_plural.values()]
    return [form for form in forms if NARROW.search(form)]


def compile_catalogues() -> None:
    """Write django.mo beside every django.po, with what waits in incoming/.

    The strings are extracted for it: only they say which are plurals or contexts.
    """
    keys = extracted()
    for language in ("zh_Hans", "en"):
        book = merged(language, keys)
        book.save_as_mofile(str(Path(book.fpath).with_suffix(".mo")))


def main(verb: str) -> int:
    if verb == "update":
        keys = extracted()
        for language in ("zh_Hans", "en"):
            merged(language, keys).save()
        for path in INCOMING.glob("*.json"):
            path.unlink()
        compile_catalogues()
    if verb == "compile":
        compile_catalogues()
        return 0
    lines = missing()
    print("\n".join(lines) or "Both catalogues are full.")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "check"))
