// Package failpoint lets a test end the process between two effects, to see that the next one goes on where it stopped.
//
// It does nothing at all but in a build with the tag failpoints, and there only where the environment variable [Variable]
// names a directory in which somebody has put a file with the name of a point. Removing that file is what makes a point
// fire: so it fires once, and a process that was started again passes it.
package failpoint

// Variable is the environment variable that names the directory in which points are armed.
const Variable = "RINGSIDE_FAILPOINTS"

// Trace is the file in that directory which is told, a line each, the points that are passed, where it exists.
const Trace = "trace"

// What an armed point's file says: what the process does to itself there.
const (
	Kill      = "KILL" // SIGKILL: nothing more is done
	Terminate = "TERM" // SIGTERM: what is under way goes on until it has ended in order
)
