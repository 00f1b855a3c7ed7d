//go:build failpoints

package failpoint

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Built says whether this build has failpoints.
const Built = true

// Here is the point of a moment and of what it is about: a word, or a value that stands for its type. It may be called
// from any goroutine.
func Here(moment string, what any) {
	dir := os.Getenv(Variable)
	if dir == "" {
		return
	}
	point := moment + " " + word(what)
	trace(dir, point)
	armed := filepath.Join(dir, point)
	order, err := os.ReadFile(armed)
	if err != nil || os.Remove(armed) != nil { // not armed, or another goroutine was here first
		return
	}
	if string(order) == Terminate {
		end(syscall.SIGTERM)
		return
	}
	end(syscall.SIGKILL)
	select {} // until it comes
}

// word is a word itself, or a type's name without its package, small.
func word(what any) string {
	if s, ok := what.(string); ok {
		return s
	}
	name := fmt.Sprintf("%T", what)
	return strings.ToLower(name[strings.LastIndexByte(name, '.')+1:])
}

// trace notes that a point was passed. Short lines that are appended do not mix.
func trace(dir, point string) {
	f, err := os.OpenFile(filepath.Join(dir, Trace), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return
	}
	defer f.Close()
	if _, err := f.WriteString(point + "\n"); err != nil {
		panic(fmt.Errorf("failpoint: %w", err))
	}
}

func end(sig syscall.Signal) {
	if err := syscall.Kill(os.Getpid(), sig); err != nil {
		panic(fmt.Errorf("failpoint: %w", err))
	}
}
