package migrations

import (
	"context"
	"database/sql"
	"io/fs"
)

// UpTo is Up of a later release: with migrations that this one does not have.
func UpTo(ctx context.Context, db *sql.DB, from fs.ReadDirFS) ([]Applied, error) {
	return up(ctx, db, from)
}
