"""Catalogues: joined from all packages, read compiled or not, complete for the kernel."""

import os
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from consortium.kernel.web.catalogues import load_catalogue
from tests.kernel.webbing import build_board, fetch_token
from tools import translations

PO = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\nmsgid "%s"\nmsgstr "%s"\n'


def write(folder: Path, msgid: str, text: str) -> Path:
    path = folder / "zh_Hans" / "LC_MESSAGES" / "messages.po"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(PO % (msgid, text), encoding="utf-8")
    return path


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    board: Flask = build_board(tmp_path)
    return board.test_client()


def test_a_catalogue_is_read_without_a_compile_step(tmp_path: Path) -> None:
    write(tmp_path, "Seat", "席位")
    catalogue = load_catalogue(tmp_path, "zh_Hans")
    assert catalogue is not None
    assert catalogue.gettext("Seat") == "席位"


def test_a_compiled_catalogue_counts_until_its_source_is_newer(tmp_path: Path) -> None:
    po = write(tmp_path, "Seat", "席位")
    mo = po.with_suffix(".mo")
    with po.open("rb") as source, mo.open("wb") as target:
        translations.mofile.write_mo(target, translations.pofile.read_po(source, locale="zh_Hans"))
    write(tmp_path, "Seat", "座位")
    os.utime(po, (1, 1))
    compiled = load_catalogue(tmp_path, "zh_Hans")
    os.utime(mo, (0, 0))
    fresh = load_catalogue(tmp_path, "zh_Hans")
    assert compiled is not None
    assert fresh is not None
    assert (compiled.gettext("Seat"), fresh.gettext("Seat")) == ("席位", "座位")


def test_a_language_that_a_package_lacks_is_no_fault(tmp_path: Path) -> None:
    assert load_catalogue(tmp_path, "zh_Hans") is None


def test_the_kernel_speaks_all_its_languages() -> None:
    assert list(translations.list_faults("consortium/kernel")) == []


def test_traditional_characters_leave_places_alone() -> None:
    assert translations.to_traditional("%(name)s 已有软件") == "%(name)s 已有軟體"


def test_titles_of_refusals_are_messages() -> None:
    source = '''
class Full(ConsortiumError):
    """No place is left.

    More.
    """
    status, code = 409, "full"

class Out(ApiSchema):
    """A schema."""
    code = fields.String()
'''
    assert list(translations.list_titles(source)) == ["No place is left."]


@pytest.mark.parametrize(
    ("language", "title"),
    [
        ("zh-CN", "表单不是从本站页面提交的"),
        ("zh-TW", "表單不是從本站頁面提交的"),
        ("en", "The form was not sent from a page of ours"),
    ],
)
def test_a_refusal_is_told_in_the_readers_language(
    client: FlaskClient, language: str, title: str
) -> None:
    fetch_token(client)
    answer = client.post(f"/board/math?lang={language}")
    assert f"{title}</h2>" in answer.text
