"""Keep the message catalogues of every package: extract, fill, compile, check.

    python tools/translations.py update [FILE...]  take new messages in, drop old ones; translate
                                                   what is not yet from lines `msgid<TAB>中文`
    python tools/translations.py fill FILE...      the same, replacing what is translated already
    python tools/translations.py compile           write .mo beside each .po (optional: the
                                                   application reads .po where no .mo is newer)
    python tools/translations.py check             exit 1 if a message is missing or doubtful

The English message is the msgid. 简体 (zh_Hans) is written by people; 繁體 (zh_Hant) follows
from it by OpenCC (s2twp) except where an entry carries the comment `own wording`.
"""

import argparse
import ast
import re
import sys
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from io import BytesIO
from pathlib import Path

import opencc
from babel.messages import Catalog, Message, extract, mofile, pofile

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = {
    "consortium/kernel": ROOT / "consortium" / "kernel",
    "consortium": ROOT / "consortium",
    "auth": ROOT / "auth",
    "membership": ROOT / "membership",
    "events": ROOT / "events",
    "think_tank": ROOT / "think_tank",
}
SKIPPED = {"static", "migrations", "data", "translations", "__pycache__"}
SOURCE, DERIVED, ORIGINAL = "zh_Hans", "zh_Hant", "en"
LOCALES = (SOURCE, DERIVED, ORIGINAL)
KEYWORDS = {
    **extract.DEFAULT_KEYWORDS,
    "N_": None,
    "lazy_gettext": None,
    "say": None,
}
OWN = "own wording"
# Where OpenCC thinks of software and we mean societies.
HOUSE_WORDS = {
    "程式碼": "代碼",
    "釋出": "發布",
    "支援單位": "支持單位",
    "引數": "參數",
    "許可權": "權限",
    "型別": "類型",
}
_PLACE = re.compile(r"%\((\w+)\)[sd]|%[sd]|\{(\w+)\}")


def list_files(package: str) -> Iterator[Path]:
    """Sources and templates of a package; the kernel is a package of its own."""
    for path in sorted(PACKAGES[package].rglob("*")):
        parts = path.relative_to(PACKAGES[package]).parts
        inside = package != "consortium" or parts[0] != "kernel"
        if inside and SKIPPED.isdisjoint(parts) and path.suffix in {".py", ".html", ".txt"}:
            yield path


def list_titles(source: str) -> Iterator[str]:
    """First docstring lines of refusals: they are the titles of problems.

    A refusal is a class that sets `code` to a text.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ClassDef) and _is_refusal(node):
            title = (ast.get_docstring(node) or "").strip().splitlines()
            if title:
                yield title[0]


def _is_refusal(node: ast.ClassDef) -> bool:
    values: dict[str, ast.expr | None] = {}
    for statement in node.body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            values[statement.target.id] = statement.value
        elif isinstance(statement, ast.Assign):
            values.update(_bindings(statement))
    code = values.get("code")
    return isinstance(code, ast.Constant) and isinstance(code.value, str) and bool(code.value)


def _bindings(statement: ast.Assign) -> Iterator[tuple[str, ast.expr]]:
    for target in statement.targets:
        if isinstance(target, ast.Name):
            yield target.id, statement.value
        elif isinstance(target, ast.Tuple) and isinstance(statement.value, ast.Tuple):
            for name, value in zip(target.elts, statement.value.elts, strict=False):
                if isinstance(name, ast.Name):
                    yield name.id, value


def extract_messages(package: str) -> Catalog:
    """Every message of a package, without places, so that moving code changes no catalogue."""
    template = Catalog(project="society-consortium", charset="utf-8")
    for path in list_files(package):
        method = "python" if path.suffix == ".py" else "jinja2"
        raw = path.read_bytes()
        found = extract.extract(method, BytesIO(raw), keywords=KEYWORDS, options={})
        for _line, message, _comments, context in found:
            if message and message != ("", ""):
                template.add(message, context=context)
        if path.suffix == ".py":
            for title in list_titles(raw.decode()):
                template.add(title)
    return template


def po_path(package: str, locale: str) -> Path:
    """Where a package keeps a language."""
    return PACKAGES[package] / "translations" / locale / "LC_MESSAGES" / "messages.po"


def read_catalogue(package: str, locale: str) -> Catalog:
    """A package's catalogue, empty if there is none yet."""
    path = po_path(package, locale)
    if not path.exists():
        return Catalog(locale=locale, project="society-consortium", charset="utf-8", fuzzy=False)
    with path.open("rb") as file:
        return pofile.read_po(file, locale=locale)


def write_catalogue(package: str, catalogue: Catalog) -> bool:
    """Write a catalogue if anything but its date has changed; whether it was written."""
    catalogue.fuzzy = False
    catalogue.header_comment = "# Messages of the society consortium."
    catalogue.version, catalogue.msgid_bugs_address = "1", ""
    catalogue.last_translator = catalogue.language_team = ""
    catalogue.revision_date = catalogue.creation_date
    buffer = BytesIO()
    pofile.write_po(
        buffer, catalogue, width=100, no_location=True, sort_output=True, ignore_obsolete=True
    )
    path = po_path(package, str(catalogue.locale))
    if path.exists() and _undated(path.read_bytes()) == _undated(buffer.getvalue()):
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(buffer.getvalue())
    return True


def _undated(raw: bytes) -> bytes:
    return re.sub(rb'"(POT-Creation|PO-Revision)-Date:[^\n]*\n', b"", raw)


def messages_of(catalogue: Catalog) -> Iterator[Message]:
    """The messages without the header."""
    return (message for message in catalogue if message.id)


@cache
def _converter() -> opencc.OpenCC:
    return opencc.OpenCC("s2twp")


def to_traditional(text: str) -> str:
    """繁體 as Taiwan writes it; places for parameters stay as they are."""
    pieces = re.split(r"(%\(\w+\)[sd]|\{\w+\}|<[^>]*>)", text)
    written = "".join(p if i % 2 else _converter().convert(p) for i, p in enumerate(pieces))
    for theirs, ours in HOUSE_WORDS.items():
        written = written.replace(theirs, ours)
    return written


def _derive(source: Catalog, derived: Catalog) -> None:
    for message in messages_of(source):
        target = derived.get(message.id, message.context)
        if target is None or OWN in " ".join(target.user_comments):
            continue
        texts = tuple(map(to_traditional, _strings(message)))
        target.string = texts[0] if isinstance(message.id, str) else texts
        target.flags.discard("fuzzy")


def _repeat(original: Catalog) -> None:
    for message in messages_of(original):
        message.string = message.id


def update_package(package: str, wishes: dict[str, str], *, override: bool = False) -> list[str]:
    """Bring a package's catalogues up to date; names of the files that were written.

    Args:
        wishes: translations by msgid for messages that have none.
        override: take them for messages that have one as well.
    """
    template = extract_messages(package)
    catalogues = {locale: read_catalogue(package, locale) for locale in LOCALES}
    for catalogue in catalogues.values():
        # Babel takes new messages over as they are; each language needs its own.
        catalogue.update(deepcopy(template), no_fuzzy_matching=True)
        catalogue.obsolete.clear()
    for message in messages_of(catalogues[SOURCE]):
        wish = wishes.get(message.id if isinstance(message.id, str) else message.id[0])
        if wish and (override or not any(_strings(message))):
            message.string = wish if isinstance(message.id, str) else (wish,)
    _derive(catalogues[SOURCE], catalogues[DERIVED])
    _repeat(catalogues[ORIGINAL])
    return [
        str(po_path(package, locale).relative_to(ROOT))
        for locale, catalogue in catalogues.items()
        if write_catalogue(package, catalogue)
    ]


def read_wishes(files: list[Path]) -> dict[str, str]:
    """Translations from lines `msgid<TAB>text`; on the same msgid the later line wins."""
    wishes: dict[str, str] = {}
    for file in files:
        for line in file.read_text(encoding="utf-8").splitlines():
            msgid, tab, text = line.partition("\t")
            if tab and text.strip():
                wishes[msgid.replace("\\n", "\n")] = text.replace("\\n", "\n").strip()
    return wishes


def _strings(message: Message) -> tuple[str, ...]:
    string = message.string or ""
    return (string,) if isinstance(string, str) else tuple(text or "" for text in string)


def places_of(text: str) -> set[str]:
    """The places for parameters in a message.

    >>> sorted(places_of("%(seats)s of {total}"))
    ['%(seats)s', '{total}']
    """
    return {match.group(0) for match in _PLACE.finditer(text)}


def list_faults(package: str) -> Iterator[str]:
    """What is missing, doubtful or has other places than its msgid, one line each."""
    template = extract_messages(package)
    for locale in (SOURCE, DERIVED):
        catalogue = read_catalogue(package, locale)
        for wanted in messages_of(template):
            found = catalogue.get(wanted.id, wanted.context)
            msgid = wanted.id if isinstance(wanted.id, str) else wanted.id[-1]
            where = f"{package} {locale}: {msgid!r}"
            if found is None or not all(_strings(found)):
                yield f"{where} is not translated"
            elif found.fuzzy:
                yield f"{where} is doubtful"
            elif any(places_of(text) - places_of(msgid) for text in _strings(found)):
                yield f"{where} has other places for parameters"
            elif isinstance(wanted.id, str) and places_of(msgid) - places_of(_strings(found)[0]):
                yield f"{where} lacks a place for a parameter"


def list_conflicts() -> Iterator[str]:
    """Messages that two packages translate differently: all share one domain."""
    seen: dict[object, tuple[str, tuple[str, ...]]] = {}
    for package in PACKAGES:
        for message in messages_of(read_catalogue(package, SOURCE)):
            key = (message.id, message.context)
            first, text = seen.setdefault(key, (package, _strings(message)))
            if text != _strings(message):
                yield f"{package} {SOURCE}: {message.id!r} differs from {first}'s translation"


def compile_package(package: str) -> None:
    """Write .mo beside each .po."""
    for locale in LOCALES:
        path = po_path(package, locale)
        if path.exists():
            with path.with_suffix(".mo").open("wb") as file:
                mofile.write_mo(file, read_catalogue(package, locale))


def main(arguments: list[str] | None = None) -> int:
    """Run one verb; the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("verb", nargs="?", default="update")
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--check", action="store_true", help="the same as the verb check")
    parser.add_argument("--compile", action="store_true", help="the same as the verb compile")
    told = parser.parse_args(arguments)
    verb = "check" if told.check else "compile" if told.compile else told.verb
    if verb in {"update", "fill"}:
        wishes = read_wishes(told.files)
        for package in PACKAGES:
            for name in update_package(package, wishes, override=verb == "fill"):
                print(f"wrote {name}")
    elif verb == "compile":
        for package in PACKAGES:
            compile_package(package)
    elif verb == "check":
        faults = [fault for package in PACKAGES for fault in list_faults(package)]
        faults += list_conflicts()
        print("\n".join(faults), file=sys.stderr)
        print(f"{len(faults)} messages to translate" if faults else "catalogues are complete")
        return 1 if faults else 0
    else:
        parser.error(f"unknown verb {verb}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
