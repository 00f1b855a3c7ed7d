// Package logfile keeps Asterisk's own form of the queue_log, a file to which lines are appended, for tools that read no
// database. The table is what counts: the file follows it, and holds nobody up.
//
// How far the file got is written beside it, in a file of the same name that ends in .written. Lines go out first, and the
// place after them; whoever finds lines behind the last place sees which of the table's next entries they are. So nothing is
// lost and nothing doubled wherever a process dies, and several processes, such as a standby on the same machine, may keep
// one file: they take turns. What a machine that loses its power has not yet put on its disk is lost as in any log.
package logfile

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"ringside/store/queuelog"
)

const (
	most  = 500                    // entries that are read at once
	pause = 100 * time.Millisecond // between looking twice: many entries are read as cheaply as one
	again = time.Second            // until what failed is tried again
	mode  = 0o640
)

// Table is the queue_log that the file follows: package store has it.
type Table interface {
	// QueueLogged delivers a value when there may be more.
	QueueLogged() <-chan struct{}
	// QueueLog gives the entries after a place, in order.
	QueueLog(ctx context.Context, floor string, after queuelog.Place, most int) ([]queuelog.Entry, error)
	// QueueLogEnd is the place of the last entry.
	QueueLogEnd(ctx context.Context, floor string) (queuelog.Place, error)
}

// Config says which file follows which floor's queue_log.
type Config struct {
	Name  string // of the file
	Floor string
	Table Table
	Log   *slog.Logger
}

// File is a queue_log file. Run keeps it; Reopen may be called at any time.
type File struct {
	Config
	reopen chan struct{}
	lines  *os.File // nil: not open
	place  *os.File // the file beside it
	begun  bool     // the place was held against the table
	failed string   // what was said last of why it cannot be written
}

// New makes ready to keep a file. Nothing is opened yet.
func New(c Config) *File { return &File{Config: c, reopen: make(chan struct{}, 1)} }

// Reopen has the file opened anew by its name, as after it was rotated. A file that was moved is noticed also without.
func (f *File) Reopen() {
	select {
	case f.reopen <- struct{}{}:
	default: // it is to be opened anyway
	}
}

// Begin has the file begin, where there was none, with what is written from now on: what the table has of the time before is
// not the file's. It fails where the file cannot be written.
func (f *File) Begin(ctx context.Context) error {
	release, err := f.turn()
	if err != nil {
		return err
	}
	defer release()
	_, err = f.mark(ctx)
	return err
}

// Run keeps the file until ctx ends. What cannot be written is logged once, and tried again until it can: the entries wait
// in the table.
func (f *File) Run(ctx context.Context) error {
	defer f.close()
	for {
		err := f.follow(ctx)
		if ctx.Err() != nil {
			return nil
		}
		f.tell(err)
		next, look := f.Table.QueueLogged(), (<-chan time.Time)(nil)
		if err != nil {
			next, look = nil, time.After(again)
		}
		select {
		case <-next:
		case <-look:
		case <-f.reopen:
			f.close()
		case <-ctx.Done():
			return nil
		}
		select { // more comes, as a rule, and is written with it
		case <-time.After(pause):
		case <-ctx.Done():
			return nil
		}
	}
}

// tell logs what goes wrong, once, and that it has gone by.
func (f *File) tell(err error) {
	switch {
	case err == nil && f.failed != "":
		f.failed = ""
		f.Log.Info("the queue_log file is written again", "file", f.Name)
	case err != nil && !errors.Is(err, errTaken) && err.Error() != f.failed:
		f.failed = err.Error()
		f.Log.Error("the queue_log file cannot be written; its entries wait in the table", "file", f.Name, "err", err)
	}
}

// follow appends what the table has after the file's last line.
func (f *File) follow(ctx context.Context) error {
	release, err := f.turn()
	if err != nil {
		return err
	}
	defer release()
	m, err := f.mark(ctx)
	for err == nil {
		var entries []queuelog.Entry
		if entries, err = f.Table.QueueLog(ctx, f.Floor, m.Place, most); err != nil || len(entries) == 0 {
			break
		}
		m, err = f.add(m, entries)
	}
	return err
}

// open opens the file by its name, unless it is open and still has that name.
func (f *File) open() (err error) {
	if f.place == nil {
		if f.place, err = os.OpenFile(f.Name+".written", os.O_RDWR|os.O_CREATE, mode); err != nil {
			f.place = nil
			return fmt.Errorf("open the place in the queue_log file: %w", err)
		}
	}
	if f.lines != nil {
		is, err := f.lines.Stat()
		if err != nil {
			return fmt.Errorf("look at the queue_log file: %w", err)
		}
		if named, err := os.Stat(f.Name); err == nil && os.SameFile(is, named) {
			return nil
		}
		_ = f.lines.Close() // every line was written by a call that succeeded
	}
	if f.lines, err = os.OpenFile(f.Name, os.O_RDWR|os.O_APPEND|os.O_CREATE, mode); err != nil {
		f.lines = nil
		return fmt.Errorf("open the queue_log file: %w", err)
	}
	return nil
}

func (f *File) close() {
	for _, file := range []*os.File{f.lines, f.place} {
		if file != nil {
			_ = file.Close() // as above
		}
	}
	f.lines, f.place = nil, nil
}
