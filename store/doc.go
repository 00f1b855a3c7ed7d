// Package store remembers: customers, floor plans, and what happened on the floor. It is PostgreSQL for the engine
// ([engine.Memory], [engine.Owner]) and for the commands that look things up or change the floor plan.
//
// Only the floor's owner writes what happens, through one direct connection that holds a session advisory lock (DESIGN
// §4.1). Which rows follow from which step is decided in package projection; the tables are made by package migrations and
// described in README.md.
//
// It does not decide who gets a call, and it speaks to no phone and no CRM.
package store
