"""Since when a job is known."""

import sqlalchemy as sa
from alembic import op
revision = '0007_job_sight'
down_revision = '0006_think_tank'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('job_sight',
    sa.Column('job', sa.String(length=120), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('job', name=op.f('pk_job_sight'))
    )


def downgrade() -> None:
    op.drop_table('job_sight')
