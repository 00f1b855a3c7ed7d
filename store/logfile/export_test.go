package logfile

import "context"

// Follow is one turn of Run.
func (f *File) Follow(ctx context.Context) error { return f.follow(ctx) }

// Close ends a file as a process that dies would.
func (f *File) Close() { f.close() }
