"""How often a slot was taken over since a page of it went through."""

import sqlalchemy as sa
from alembic import op
revision = '0008_job_take_overs'
down_revision = '0007_job_sight'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('job_run', schema=None) as batch_op:
        batch_op.add_column(sa.Column('take_overs', sa.Integer(), server_default='0', nullable=False))


def downgrade() -> None:
    with op.batch_alter_table('job_run', schema=None) as batch_op:
        batch_op.drop_column('take_overs')
