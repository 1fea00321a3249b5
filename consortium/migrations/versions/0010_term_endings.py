"""Which terms an officer has ended, and which term a line of a roster speaks of."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
revision = '0010_term_endings'
down_revision = '0009_claims_language'
branch_labels = None
depends_on = None

# Officers' corrections left an audit row of this action in their change, rosters never did.
ENDED_BY_OFFICERS = """
UPDATE term SET by_officer = true
WHERE supersedes IS NOT NULL
  AND change_id IN (SELECT change_id FROM audit WHERE action = 'membership.term.corrected')
  AND (state <> 'active' OR EXISTS (
    SELECT 1 FROM term AS before
    WHERE before.id = term.supersedes AND term.until IS NOT NULL
      AND (before.until IS NULL OR before.until > term.until)))
"""


def upgrade() -> None:
    with op.batch_alter_table('term', schema=None) as batch_op:
        batch_op.add_column(sa.Column('by_officer', sa.Boolean(), server_default=sa.false(), nullable=False))
    op.execute(ENDED_BY_OFFICERS)
    with op.batch_alter_table('roster_import_line', schema=None) as batch_op:
        batch_op.add_column(sa.Column('term_id', sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column('steps', sa.JSON().with_variant(postgresql.JSONB(), 'postgresql'), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('roster_import_line', schema=None) as batch_op:
        batch_op.drop_column('steps')
        batch_op.drop_column('term_id')
    with op.batch_alter_table('term', schema=None) as batch_op:
        batch_op.drop_column('by_officer')
