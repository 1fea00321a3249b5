"""By what a member number is found, however somebody spells it."""

import unicodedata

import sqlalchemy as sa
from alembic import op
revision = '0011_member_number_keys'
down_revision = '0010_term_endings'
branch_labels = None
depends_on = None

DASHES = dict.fromkeys(
    map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d\u30fc"), "-"
)
BATCH = 5000


# As `consortium.kernel.member_numbers.fold_number` was when this was written.
def fold(number: str) -> str:
    number = unicodedata.normalize("NFKC", number.translate(DASHES)).translate(DASHES)
    return "".join(number.upper().split())[:600]


def fill() -> None:
    connection = op.get_bind()
    member = sa.table('member', sa.column('id', sa.Uuid()), sa.column('member_number'), sa.column('number_key'))
    rows = connection.execute(sa.select(member.c.id, member.c.member_number)).all()
    change = sa.update(member).where(member.c.id == sa.bindparam('key')).values(number_key=sa.bindparam('folded'))
    for start in range(0, len(rows), BATCH):
        connection.execute(change, [{'key': one, 'folded': fold(number)} for one, number in rows[start:start + BATCH]])


def upgrade() -> None:
    with op.batch_alter_table('member', schema=None) as batch_op:
        batch_op.add_column(sa.Column('number_key', sa.Text(), server_default='', nullable=False))
    fill()
    with op.batch_alter_table('member', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_member_number_key'), ['number_key', 'society_id'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('member', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_member_number_key'))
        batch_op.drop_column('number_key')
