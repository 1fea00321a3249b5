"""Search that finds Chinese words of two characters, alike on SQLite and PostgreSQL.

One tokeniser, ours, cuts a text into overlapping pairs of characters and into Latin words. The
tokens stand in an ordinary table; SQLite indexes them with FTS5 kept in step by triggers,
PostgreSQL with a GIN index over a `tsvector` made from the tokens as they are. Neither
database's own word breaking is used: `trigram` cannot find two characters at all.
Source: DESIGN section 6.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import Any

from opencc import OpenCC
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    cast,
    delete,
    event,
    func,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite

from consortium.kernel.db import db, dialect_name
from consortium.kernel.unit_of_work import current_unit_of_work, reading

_CJK = "\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_WORDS = re.compile(rf"[{_CJK}]+|[^\W_{_CJK}]+")
_IS_CJK = re.compile(rf"[{_CJK}]")
_BATCH = 500

search_text = Table(
    "search_text",
    db.metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("kind", String(40), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("folded", Text, nullable=False),
    Column("words", Text, nullable=False),
    UniqueConstraint("kind", "subject"),
)

_SQLITE_DDL = (
    "CREATE VIRTUAL TABLE search_word USING fts5("
    "words, content='search_text', content_rowid='id', tokenize='unicode61')",
    "CREATE TRIGGER search_text_added AFTER INSERT ON search_text BEGIN "
    "INSERT INTO search_word(rowid, words) VALUES (new.id, new.words); END",
    "CREATE TRIGGER search_text_removed AFTER DELETE ON search_text BEGIN "
    "INSERT INTO search_word(search_word, rowid, words) "
    "VALUES ('delete', old.id, old.words); END",
    "CREATE TRIGGER search_text_changed AFTER UPDATE ON search_text BEGIN "
    "INSERT INTO search_word(search_word, rowid, words) "
    "VALUES ('delete', old.id, old.words); "
    "INSERT INTO search_word(rowid, words) VALUES (new.id, new.words); END",
)
# array_to_tsvector takes the tokens as they are; to_tsvector would break them up again.
_POSTGRESQL_DDL = (
    "CREATE INDEX search_word ON search_text USING gin "
    "(array_to_tsvector(string_to_array(words, ' ')))",
)


def ddl_after_table(dialect: str) -> tuple[str, ...]:
    """What a migration executes after it has created the table `search_text`."""
    return _SQLITE_DDL if dialect == "sqlite" else _POSTGRESQL_DDL


def ddl_before_drop(dialect: str) -> tuple[str, ...]:
    """What a migration executes before it drops the table `search_text`."""
    return ("DROP TABLE search_word",) if dialect == "sqlite" else ("DROP INDEX search_word",)


def is_own_ddl(name: str | None) -> bool:
    """Whether a table or index exists outside the metadata, so that comparisons leave it alone.

    >>> is_own_ddl("search_word_data"), is_own_ddl("search_text")
    (True, False)
    """
    return (name or "").startswith("search_word")


@event.listens_for(search_text, "after_create")
def _create_index(_table: Table, connection: Connection, **_options: Any) -> None:
    for statement in ddl_after_table(connection.dialect.name):
        connection.exec_driver_sql(statement)


@event.listens_for(search_text, "before_drop")
def _drop_index(_table: Table, connection: Connection, **_options: Any) -> None:
    for statement in ddl_before_drop(connection.dialect.name):
        connection.exec_driver_sql(statement)


def fold(words: str) -> str:
    """Fold what readers take for the same: NFKC, case, accents, traditional characters.

    >>> fold("學會聯合體 Ｍüller")
    '学会联合体 muller'
    """
    plain = unicodedata.normalize("NFKC", words).casefold()
    bare = "".join(c for c in unicodedata.normalize("NFD", plain) if not _is_accent(c))
    return _simplify()(unicodedata.normalize("NFC", bare))


def tokens(words: str) -> list[str]:
    """Cut a text into the tokens under which it is found, in order, each once.

    A run of characters gives its overlapping pairs and its last character, so that a question
    of one character finds it wherever it stands.

    >>> tokens("流體力學 in Jinan")
    ['流体', '体力', '力学', '学', 'in', 'jinan']
    >>> tokens("丁")
    ['丁']
    """
    return list(dict.fromkeys(_cut(fold(words))))


def index_text(kind: str, subject: str, words: str) -> None:
    """Let `subject` be found by `words`, in the open unit of work; replaces earlier words.

    Args:
        kind: what is searched together, for instance `membership.member`.
        subject: the object's id.
        words: everything by which it is found.
    """
    index_texts(kind, [(subject, words)])


def index_texts(kind: str, entries: Iterable[tuple[str, str]]) -> None:
    """`index_text` for many, in few statements; the last of equal subjects holds."""
    uow = current_unit_of_work()
    insert = (postgresql if dialect_name() == "postgresql" else sqlite).insert(search_text)
    upsert = insert.on_conflict_do_update(
        index_elements=["kind", "subject"],
        set_={"folded": insert.excluded.folded, "words": insert.excluded.words},
    )
    rows = [_row(kind, subject, words) for subject, words in dict(entries).items()]
    for start in range(0, len(rows), _BATCH):
        uow.execute(upsert, rows[start : start + _BATCH])


def remove_text(kind: str, subject: str) -> None:
    """Let `subject` not be found any more; nothing happens if it never was."""
    current_unit_of_work().execute(
        delete(search_text).where(search_text.c.kind == kind, search_text.c.subject == subject)
    )


@reading
def search_ids(kind: str, query: str, limit: int = 50) -> list[str]:
    """Find subjects whose words contain every part of the question.

    Chinese parts match as substrings, Latin parts as beginnings of words. The closest, that is
    the shortest, texts come first; equal ones in the order of their ids.

    Args:
        kind: as given to `index_text`.
        query: what a person typed, in either script.
        limit: of the answer.

    Returns:
        Subjects; empty if the question holds no letter and no character.
    """
    parts = _WORDS.findall(fold(query))
    if not parts:
        return []
    found = (
        select(search_text.c.subject)
        .where(search_text.c.kind == kind, _matches(parts), *_contains(parts))
        .order_by(func.length(search_text.c.folded), search_text.c.subject)
        .limit(limit)
    )
    return list(db.session.scalars(found))


def _matches(parts: Sequence[str]) -> ColumnElement[bool]:
    wanted = [word for part in parts for word in _wanted(part)]
    if dialect_name() == "sqlite":
        question = " ".join(f'"{word}"{"*" if is_open else ""}' for word, is_open in wanted)
        matching = text("SELECT rowid FROM search_word WHERE search_word MATCH :question")
        return search_text.c.id.in_(matching.bindparams(question=question).columns(rowid=Integer))
    question = " & ".join(f"'{word}'{':*' if is_open else ''}" for word, is_open in wanted)
    vector = func.array_to_tsvector(func.string_to_array(search_text.c.words, text("' '")))
    return vector.bool_op("@@")(cast(question, postgresql.TSQUERY))


def _contains(parts: Sequence[str]) -> Iterator[ColumnElement[bool]]:
    """Pairs may stand apart in a text that holds them all, so longer parts are checked whole."""
    for part in parts:
        if _IS_CJK.match(part) and len(part) > 2:
            yield search_text.c.folded.contains(part, autoescape=True)


def _wanted(part: str) -> list[tuple[str, bool]]:
    """Tokens to look for, and whether more may follow each.

    >>> _wanted("流体力学"), _wanted("李"), _wanted("jin")
    ([('流体', False), ('体力', False), ('力学', False)], [('李', True)], [('jin', True)])
    """
    if len(part) == 1 or not _IS_CJK.match(part):
        return [(part, True)]
    return [(pair, False) for pair in _pairs(part)]


def _row(kind: str, subject: str, words: str) -> dict[str, Any]:
    folded = fold(words)
    cut = " ".join(dict.fromkeys(_cut(folded)))
    return {"kind": kind, "subject": subject, "folded": folded, "words": cut}


def _cut(folded: str) -> Iterator[str]:
    for part in _WORDS.findall(folded):
        if _IS_CJK.match(part):
            yield from _pairs(part)
            yield part[-1]
        else:
            yield part


def _pairs(part: str) -> Iterator[str]:
    return (part[start : start + 2] for start in range(len(part) - 1))


def _is_accent(character: str) -> bool:
    # Kana carry voicing marks that are part of the letter, so only Latin accents go.
    return "\u0300" <= character <= "\u036f"


@cache
def _simplify() -> Callable[[str], str]:
    """Traditional to simplified; the tables are loaded at the first use."""
    convert: Callable[[str], str] = OpenCC("t2s").convert
    return convert
