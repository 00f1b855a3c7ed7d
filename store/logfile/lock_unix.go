//go:build unix

package logfile

import (
	"errors"
	"os"
	"syscall"
)

// lock keeps other processes that ask for it out until it is released, or the process ends.
func lock(file *os.File) (release func(), err error) {
	fd := int(file.Fd())
	err = syscall.Flock(fd, syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, errTaken
	}
	return func() { _ = syscall.Flock(fd, syscall.LOCK_UN) }, err // it goes with the file in any case
}
