package queueapp

import "slices"

// line is a queue's waiting callers in the order in which they are served: by priority, then by entry number. Offered
// callers are not in it; one whose attempt failed comes back to where it stood.
type line struct {
	levels []*level // highest priority first
	length int
}

// level is the callers of one priority as a doubly linked list in the order of their entry numbers.
type level struct {
	priority    int
	length      int
	first, last *visit
}

// add puts a visit where its priority and entry number say. Newcomers belong at the end and returning visits at the
// front, so the search starts at the end that is nearer.
func (l *line) add(v *visit) {
	lv := l.level(v.priority)
	l.length++
	if lv.first == nil || v.entry < lv.first.entry {
		lv.insert(v, nil)
		return
	}
	if v.entry-lv.first.entry < lv.last.entry-v.entry {
		at := lv.first
		for at.next != nil && at.next.entry < v.entry {
			at = at.next
		}
		lv.insert(v, at)
		return
	}
	at := lv.last
	for at.entry > v.entry {
		at = at.prev
	}
	lv.insert(v, at)
}

func (l *line) level(priority int) *level {
	i, found := slices.BinarySearchFunc(l.levels, priority, func(lv *level, p int) int { return p - lv.priority })
	if !found {
		l.levels = slices.Insert(l.levels, i, &level{priority: priority})
	}
	return l.levels[i]
}

// insert puts v behind after, or first where after is nil.
func (lv *level) insert(v, after *visit) {
	v.prev, v.level = after, lv
	lv.length++
	if after == nil {
		v.next, lv.first = lv.first, v
	} else {
		v.next, after.next = after.next, v
	}
	if v.next == nil {
		lv.last = v
	} else {
		v.next.prev = v
	}
}

// remove takes a visit out of the line. It does nothing for one that is not in it.
func (l *line) remove(v *visit) {
	lv := v.level
	if lv == nil {
		return
	}
	l.length--
	lv.length--
	if v.prev == nil {
		lv.first = v.next
	} else {
		v.prev.next = v.next
	}
	if v.next == nil {
		lv.last = v.prev
	} else {
		v.next.prev = v.prev
	}
	v.prev, v.next, v.level = nil, nil, nil
	if lv.first == nil {
		l.levels = slices.DeleteFunc(l.levels, func(x *level) bool { return x == lv })
	}
}

// head is the visit that is served first, or nil.
func (l *line) head() *visit {
	if len(l.levels) == 0 {
		return nil
	}
	return l.levels[0].first
}

// after is the visit that is served after v, which must be in the line; nil after the last.
func (l *line) after(v *visit) *visit {
	if v.next != nil {
		return v.next
	}
	for i, lv := range l.levels {
		if lv == v.level && i+1 < len(l.levels) {
			return l.levels[i+1].first
		}
	}
	return nil
}

// all yields the waiting callers in the order of service. The line must not change meanwhile.
func (l *line) all(yield func(*visit) bool) {
	for v := l.head(); v != nil; v = l.after(v) {
		if !yield(v) {
			return
		}
	}
}
