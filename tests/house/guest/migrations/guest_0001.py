"""The visitors' book."""

import sqlalchemy as sa
from alembic import op

from consortium.kernel.db import Id, Instant, Position

revision = "guest_0001"
down_revision = None
branch_labels = ("guest",)
# change_id points there.
depends_on = ("0006_think_tank",)


def upgrade() -> None:
    op.create_table(
        "guest_visit",
        sa.Column("id", Id, nullable=False),
        sa.Column("visitor", sa.String(64), nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("change_id", Id, nullable=False),
        sa.ForeignKeyConstraint(["change_id"], ["change.id"], name="fk_guest_visit_change_id"),
        sa.PrimaryKeyConstraint("id", name="pk_guest_visit"),
    )
    op.create_index("ix_guest_visit_change_id", "guest_visit", ["change_id"])
    op.create_table(
        "guest_echo",
        sa.Column("position", Position, autoincrement=True, nullable=False),
        sa.Column("message_id", Id, nullable=False),
        sa.Column("topic", sa.String(120), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_guest_echo"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_guest_echo_message_id", "guest_echo", ["message_id"])
    op.create_table(
        "guest_tally",
        sa.Column("slot", Instant, nullable=False),
        sa.Column("visits", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("slot", name="pk_guest_tally"),
    )


def downgrade() -> None:
    for table in ("guest_tally", "guest_echo", "guest_visit"):
        op.drop_table(table)
