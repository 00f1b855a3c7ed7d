//go:build !failpoints

package failpoint

// Built says whether this build has failpoints.
const Built = false

// Here is the point of a moment and of what it is about: a word, or a value that stands for its type. It may be called
// from any goroutine.
func Here(string, any) {}
