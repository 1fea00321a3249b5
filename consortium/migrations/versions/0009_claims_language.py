"""In which language a site is told about a person."""

import sqlalchemy as sa
from alembic import op
revision = '0009_claims_language'
down_revision = '0008_job_take_overs'
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ('authorization_code', 'access_token'):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(sa.Column('language', sa.String(length=8), nullable=True))


def downgrade() -> None:
    for table in ('access_token', 'authorization_code'):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_column('language')
