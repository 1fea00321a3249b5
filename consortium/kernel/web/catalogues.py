"""Message catalogues of every package, joined, with or without a compile step."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

from babel.messages import mofile, pofile
from babel.support import NullTranslations, Translations
from flask_babel import Domain, get_locale

DOMAIN = "messages"


def load_catalogue(folder: Path, locale: str) -> Translations | None:
    """One package's messages in one language, or None if it has none.

    The compiled `.mo` is read when it is at least as new as its `.po`; otherwise the `.po` is
    compiled in memory, so that a clean clone, a wheel and a read-only installation all speak
    every language.
    """
    po = folder / locale / "LC_MESSAGES" / f"{DOMAIN}.po"
    mo = po.with_suffix(".mo")
    if mo.is_file() and (not po.is_file() or mo.stat().st_mtime >= po.stat().st_mtime):
        with mo.open("rb") as compiled:
            return Translations(compiled, DOMAIN)
    if not po.is_file():
        return None
    with po.open("rb") as source:
        catalogue = pofile.read_po(source, locale=locale, domain=DOMAIN)
    buffer = BytesIO()
    mofile.write_mo(buffer, catalogue)
    buffer.seek(0)
    return Translations(buffer, DOMAIN)


class CatalogueDomain(Domain):
    """The messages of all packages as one domain; read once per language and process."""

    def __init__(self, folders: Sequence[Path]) -> None:
        super().__init__(translation_directories=[str(folder) for folder in folders], domain=DOMAIN)
        self._folders = tuple(folders)

    def get_translations(self) -> NullTranslations:
        """Catalogue of the current language; on the same msgid the later package wins."""
        locale = str(get_locale() or "en")
        known = self.cache.get(locale)
        if known is None:
            known = self.cache[locale] = _join(self._folders, locale)
        return known


def _join(folders: Sequence[Path], locale: str) -> Translations:
    joined = Translations()
    for folder in folders:
        catalogue = load_catalogue(folder, locale)
        if catalogue is not None:
            joined.merge(catalogue)
            # Translations.merge copies messages only; the plural rule has to follow by hand.
            joined.plural = catalogue.plural
    return joined
