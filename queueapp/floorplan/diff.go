package floorplan

import (
	"fmt"
	"slices"
	"strings"
)

// Change is one way in which two plans differ. Key is empty where all of the queue, agent, extension or menu came or went;
// Old or New is empty where the key did.
type Change struct {
	Kind, Name, Key string
	Old, New        string
}

// String says the change in words: "queue support: ring 20s → 10s", "agent 1001 added".
func (c Change) String() string {
	who := strings.TrimSpace(c.Kind + " " + c.Name)
	switch {
	case c.Key == "" && c.Old == "":
		return who + " added"
	case c.Key == "":
		return who + " removed"
	case c.Old == "":
		return fmt.Sprintf("%s: %s %s", who, c.Key, c.New)
	case c.New == "":
		return fmt.Sprintf("%s: %s %s removed", who, c.Key, c.Old)
	}
	return fmt.Sprintf("%s: %s %s → %s", who, c.Key, c.Old, c.New)
}

// Diff says how a plan differs from the one before, in the order in which [Print] writes them, what was removed last.
func Diff(before, after Plan) []Change {
	var out []Change
	was, is := sections(before), sections(after)
	old, left := index(was), index(is)
	for _, s := range is {
		o, ok := old[s.id()]
		if !ok {
			out = append(out, Change{Kind: s.kind, Name: s.name, New: s.header()})
			continue
		}
		for _, c := range differ("", o.fields, s.fields) {
			c.Kind, c.Name = s.kind, s.name
			out = append(out, c)
		}
	}
	for _, s := range was {
		if _, ok := left[s.id()]; !ok {
			out = append(out, Change{Kind: s.kind, Name: s.name, Old: s.header()})
		}
	}
	return out
}

type sectionKey struct{ kind, name string }

func (s section) id() sectionKey { return sectionKey{s.kind, s.name} }

func index(list []section) map[sectionKey]section {
	out := make(map[sectionKey]section, len(list))
	for _, s := range list {
		out[s.id()] = s
	}
	return out
}

func differ(prefix string, was, is []field) []Change {
	var out []Change
	for _, f := range is {
		key := prefix + f.key
		n := slices.IndexFunc(was, func(o field) bool { return o.key == f.key })
		switch {
		case n < 0:
			out = append(out, Change{Key: key, New: f.value.say()})
		case was[n].value.table != nil && f.value.table != nil:
			out = append(out, differ(key+".", was[n].value.table, f.value.table)...)
		case was[n].value.toml() != f.value.toml():
			out = append(out, changed(key, was[n].value, f.value))
		}
	}
	for _, o := range was {
		if !slices.ContainsFunc(is, func(f field) bool { return o.key == f.key }) {
			out = append(out, Change{Key: prefix + o.key, Old: o.value.say()})
		}
	}
	return out
}

// changed says of two lists only what came and what went, where their order is the same.
func changed(key string, was, is value) Change {
	c := Change{Key: key, Old: was.say(), New: is.say()}
	if !was.many || !is.many {
		return c
	}
	gone, come := without(was.list, is.list), without(is.list, was.list)
	switch {
	case len(gone) == 0 && len(come) > 0:
		return Change{Key: key, New: strings.Join(come, " ") + " added"}
	case len(come) == 0 && len(gone) > 0:
		return Change{Key: key, Old: strings.Join(gone, " ")}
	}
	return c
}

// without returns what of a list is not in another.
func without(list, other []string) []string {
	in := make(map[string]bool, len(other))
	for _, s := range other {
		in[s] = true
	}
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return in[s] })
}

// say writes a value for people.
func (v value) say() string {
	switch {
	case v.secret:
		return "(not shown)"
	case v.table != nil || v.items != nil:
		return v.toml()
	case v.many && len(v.list) == 0:
		return "none"
	case v.many:
		return strings.Join(v.list, " ")
	case v.word == "" || strings.ContainsAny(v.word, " \"\n"):
		return quote(v.word)
	}
	return v.word
}
