"""taught questions folded into editions"""

import sqlalchemy as sa
from alembic import op

revision = '8e2d4b6a1f07'
down_revision = '5c1e0b7a94d2'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('revisions', sa.Column('folds', sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column('editions', sa.Column('folded', sa.JSON(), nullable=False, server_default='[]'))


def downgrade() -> None:
    op.drop_column('editions', 'folded')
    op.drop_column('revisions', 'folds')
