"""content in editions"""

import sqlalchemy as sa
from alembic import op

import actions.db

revision = '5c1e0b7a94d2'
down_revision = 'df0e34fcb72d'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('revisions',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('path', sa.String(length=200), nullable=False),
    sa.Column('text', sa.Text(), nullable=True),
    sa.Column('staff_id', sa.Integer(), nullable=True),
    sa.Column('restores_id', sa.Integer(), nullable=True),
    sa.Column('written_at', actions.db.UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['restores_id'], ['revisions.id'], name=op.f('fk_revisions_restores_id')),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_revisions_staff_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_revisions'))
    )
    op.create_index('ix_revisions_path', 'revisions', ['path', 'id'], unique=False)
    op.create_table('editions',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('version', sa.String(length=16), nullable=True),
    sa.Column('index_version', sa.String(length=64), nullable=False),
    sa.Column('set_up_index', sa.String(length=64), nullable=True),
    sa.Column('revisions', sa.JSON(), nullable=False),
    sa.Column('staff_id', sa.Integer(), nullable=True),
    sa.Column('again_id', sa.Integer(), nullable=True),
    sa.Column('published_at', actions.db.UtcDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['again_id'], ['editions.id'], name=op.f('fk_editions_again_id')),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_editions_staff_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_editions'))
    )
    op.create_table('publications',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('step', sa.String(length=20), nullable=False),
    sa.Column('revisions', sa.JSON(), nullable=False),
    sa.Column('set_up_index', sa.String(length=64), nullable=True),
    sa.Column('report', sa.JSON(), nullable=False),
    sa.Column('staff_id', sa.Integer(), nullable=True),
    sa.Column('edition_id', sa.Integer(), nullable=True),
    sa.Column('ordered_at', actions.db.UtcDateTime(), nullable=False),
    sa.Column('seen_at', actions.db.UtcDateTime(), nullable=False),
    sa.Column('ended_at', actions.db.UtcDateTime(), nullable=True),
    sa.ForeignKeyConstraint(['edition_id'], ['editions.id'], name=op.f('fk_publications_edition_id')),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_publications_staff_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_publications'))
    )
    op.create_index('uq_publications_running', 'publications', ['state'], unique=True, sqlite_where=sa.text("state = 'running'"), postgresql_where=sa.text("state = 'running'"))
    op.create_table('offline',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('subject_id', sa.String(length=120), nullable=False),
    sa.Column('staff_id', sa.Integer(), nullable=True),
    sa.Column('since_at', actions.db.UtcDateTime(), nullable=False),
    sa.Column('until_at', actions.db.UtcDateTime(), nullable=True),
    sa.Column('back_by_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['back_by_id'], ['staff.id'], name=op.f('fk_offline_back_by_id')),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_offline_staff_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_offline'))
    )
    op.create_index('uq_offline_now', 'offline', ['kind', 'subject_id'], unique=True, sqlite_where=sa.text('until_at IS NULL'), postgresql_where=sa.text('until_at IS NULL'))
    # The index that answers goes on answering, with the files as they are.
    op.execute(
        "INSERT INTO editions (version, index_version, revisions, published_at)"
        " SELECT NULL, version, '{}', activated_at FROM index_versions ORDER BY id DESC LIMIT 1"
    )
    op.drop_table('index_versions')


def downgrade() -> None:
    op.create_table('index_versions',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('version', sa.String(length=64), nullable=False),
    sa.Column('activated_at', actions.db.UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_index_versions'))
    )
    op.execute(
        "INSERT INTO index_versions (version, activated_at)"
        " SELECT index_version, published_at FROM editions ORDER BY id DESC LIMIT 1"
    )
    op.drop_table('offline')
    op.drop_table('publications')
    op.drop_table('editions')
    op.drop_table('revisions')
