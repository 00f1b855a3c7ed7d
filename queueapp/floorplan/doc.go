// Package floorplan reads floorplan.toml, which says what the floor is: queues, agents, extensions, menus, and where
// customers are looked up. It checks everything in one run and names file, line and remedy for each problem, fills the
// defaults, prints a plan as TOML again, and says in words how two plans differ.
//
// The package is pure: it reads bytes, not files, and knows nothing of databases or servers.
package floorplan
