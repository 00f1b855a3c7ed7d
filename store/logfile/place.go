package logfile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"ringside/store/queuelog"
)

// mark is how far the file got: up to which entry, and how long it was then.
type mark struct {
	queuelog.Place
	size int64
}

// form is how a mark is written: of one length, so that one write replaces another.
const form = "%020d %010d %020d\n"

var errTaken = errors.New("another process is at the queue_log file")

// turn opens the file and keeps other processes from it. It does not wait: one that is frozen may have it for long.
func (f *File) turn() (release func(), err error) {
	if err := f.open(); err != nil {
		return nil, err
	}
	if release, err = lock(f.place); err != nil && !errors.Is(err, errTaken) {
		err = fmt.Errorf("lock the place in the queue_log file: %w", err)
	}
	return release, err
}

// mark reads how far the file got. Where there is none yet it gets as far as the table is; so it does where the table is
// behind it, which was set back to an earlier time then.
func (f *File) mark(ctx context.Context) (m mark, err error) {
	b := make([]byte, len(fmt.Sprintf(form, 0, 0, 0)))
	n, err := f.place.ReadAt(b, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return m, fmt.Errorf("read the place in the queue_log file: %w", err)
	}
	if n > 0 {
		if _, err := fmt.Sscanf(string(b[:n]), form, &m.Step, &m.N, &m.size); err != nil {
			return m, fmt.Errorf("%s is damaged: %w; remove it, and the file goes on with what is written then", f.place.Name(), err)
		}
		if f.begun {
			return m, nil
		}
	}
	end, err := f.Table.QueueLogEnd(ctx, f.Floor)
	if err != nil {
		return m, err
	}
	f.begun = true
	if n > 0 && !m.After(end) {
		return m, nil
	}
	is, err := f.lines.Stat()
	if err != nil {
		return m, fmt.Errorf("look at the queue_log file: %w", err)
	}
	m = mark{Place: end, size: is.Size()}
	return m, f.put(m)
}

func (f *File) put(m mark) error {
	if _, err := f.place.WriteAt(fmt.Appendf(nil, form, m.Step, m.N, m.size), 0); err != nil {
		return fmt.Errorf("write the place in the queue_log file: %w", err)
	}
	return nil
}

// add appends entries, but for those that whoever died before the place was written has appended.
func (f *File) add(m mark, entries []queuelog.Entry) (mark, error) {
	is, err := f.lines.Stat()
	if err != nil {
		return m, fmt.Errorf("look at the queue_log file: %w", err)
	}
	there := 0
	switch {
	case is.Size() < m.size: // rotated: the place is in a file that is no more, and must not be looked for in this one
		m.size = is.Size()
		err = f.put(m)
	case is.Size() > m.size:
		there, err = f.there(m, is.Size(), entries)
	}
	if err != nil {
		return m, err
	}
	var b []byte
	for _, e := range entries[there:] {
		b = append(e.AppendLine(b), '\n')
	}
	if _, err := f.lines.Write(b); err != nil {
		return m, fmt.Errorf("append to the queue_log file: %w", err)
	}
	if is, err = f.lines.Stat(); err != nil {
		return m, fmt.Errorf("look at the queue_log file: %w", err)
	}
	m = mark{Place: entries[len(entries)-1].Place, size: is.Size()}
	return m, f.put(m)
}

// longest is more than what is appended at once.
const longest = 8 << 20

// there says how many of the entries stand behind the place already, maybe with lines of others in between, such as
// Asterisk's own. A last one of which only a part was written is taken away.
func (f *File) there(m mark, size int64, entries []queuelog.Entry) (n int, err error) {
	b, err := io.ReadAll(io.NewSectionReader(f.lines, m.size, min(size-m.size, longest)))
	if err != nil {
		return 0, fmt.Errorf("read the end of the queue_log file: %w", err)
	}
	whole := bytes.LastIndexByte(b, '\n') + 1
	for line := range strings.Lines(string(b[:whole])) {
		if n < len(entries) && line == entries[n].Line()+"\n" {
			n++
		}
	}
	part := b[whole:]
	if n < len(entries) && len(part) > 0 && m.size+int64(len(b)) == size && strings.HasPrefix(entries[n].Line(), string(part)) {
		if err := f.lines.Truncate(m.size + int64(whole)); err != nil {
			return 0, fmt.Errorf("take half a line off the queue_log file: %w", err)
		}
	}
	return n, nil
}
