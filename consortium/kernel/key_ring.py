"""Whether the master keys that are given open the signing keys that the database holds.

A ciphertext names its master key, so nothing has to be opened, and nothing more stored, to see
that a setting is wrong or that a database was moved without its key file.
"""

import sqlalchemy as sa
from flask import current_app

from consortium.kernel.crypto import key_id_in, key_id_of, secrets_in_use
from consortium.kernel.db import db
from consortium.kernel.errors import N_, ConsortiumError
from consortium.kernel.secret_keys import SOURCE
from consortium.kernel.signing import SigningKey
from consortium.kernel.unit_of_work import reading

HEAD_LENGTH = len("v1.") + 8


class MasterKeyMissing(ConsortiumError):
    """The master key of this database is not given."""

    status, code = 503, "master-key-missing"
    message = N_(
        "Signing keys in this database are under the master key %(missing)s, but %(source)s "
        "gives %(given)s. Put back the master key that belongs to the database; if none was "
        "ever lost, those rows were altered."
    )


def check_master_keys() -> None:
    """Refuse to go on with other master keys than the database was filled with.

    Raises:
        MasterKeyMissing: it names the keys, none of which can be told from its name, and where
            the given ones stand.
    """
    if not sa.inspect(db.engine).has_table(SigningKey.__tablename__):
        return
    missing = find_missing()
    if missing:
        raise MasterKeyMissing(
            missing=", ".join(missing),
            source=current_app.extensions[SOURCE],
            given=", ".join(key_id_of(secret) for secret in secrets_in_use()),
        )


@reading
def find_missing() -> list[str]:
    """Names of master keys under which signing keys are stored and which are not given."""
    head = sa.func.substr(SigningKey.private_encrypted, 1, HEAD_LENGTH)
    stored = {key_id_in(text) for text in db.session.scalars(sa.select(head).distinct())}
    given = {key_id_of(secret) for secret in secrets_in_use()}
    return sorted(name for name in stored - given if name is not None)
