package engine

import (
	"slices"

	"ringside/queueapp"
)

// An extension's node is open to whoever may have a pop-up of it on his screen. There may be several: while the database
// is away an agent's conversation ends, and the next caller is offered, before the first record's close can go out.

// showing notes that an attempt's record may be open on its extension's node.
func (t *tenure) showing(a *attempt) {
	t.shown[a.extension] = append(without(t.shown[a.extension], a.id), a)
}

// unshow takes the node from an agent who has logged off meanwhile, now that the pop-up on his screen is closed.
func (t *tenure) unshow(a *attempt) {
	at := t.shown[a.extension]
	left := without(at, a.id)
	if len(left) == len(at) {
		return
	}
	if t.shown[a.extension] = left; len(left) == 0 {
		delete(t.shown, a.extension)
	}
	if t.agentAt(a.extension) != a.agent {
		t.members(a.extension)
	}
}

func without(all []*attempt, id queueapp.AttemptID) []*attempt {
	return slices.DeleteFunc(slices.Clone(all), func(a *attempt) bool { return a.id == id })
}
