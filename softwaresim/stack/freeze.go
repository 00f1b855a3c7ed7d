package stack

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// Freeze stops a server (SIGSTOP) with all processes that it has started:
// PostgreSQL serves each connection by one of its own, which a signal to the
// server alone would leave running. Its connections stay, and nobody answers on
// them until Thaw.
func (s *Stack) Freeze(server string) error {
	pid, err := s.running(server)
	if err != nil {
		return err
	}
	// Parents first: who is stopped starts nobody any more.
	for todo := []int{pid}; len(todo) > 0; todo = todo[1:] {
		if err := signal(todo[0], syscall.SIGSTOP); err != nil {
			return fmt.Errorf("freeze %s: %w", server, err)
		}
		children, err := childrenOf(todo[0])
		if err != nil {
			return fmt.Errorf("freeze %s: %w", server, err)
		}
		todo = append(todo, children...)
	}
	return nil
}

// Thaw lets a server that Freeze stopped go on.
func (s *Stack) Thaw(server string) error {
	pid, err := s.running(server)
	if err != nil {
		return err
	}
	for todo := []int{pid}; len(todo) > 0; todo = todo[1:] {
		children, err := childrenOf(todo[0]) // while it cannot start more
		if err != nil {
			return fmt.Errorf("thaw %s: %w", server, err)
		}
		if err := signal(todo[0], syscall.SIGCONT); err != nil {
			return fmt.Errorf("thaw %s: %w", server, err)
		}
		todo = append(todo, children...)
	}
	return nil
}

func (s *Stack) running(server string) (pid int, err error) {
	srv, err := s.server(server)
	if err != nil {
		return 0, err
	}
	if pid = srv.pid(); pid == 0 {
		return 0, fmt.Errorf("stack: %s does not run", server)
	}
	return pid, nil
}

// signal signals a process that may have ended.
func signal(pid int, sig syscall.Signal) error {
	if err := syscall.Kill(pid, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
		return err
	}
	return nil
}

// childrenOf lists the processes that a process has started and that still are.
func childrenOf(pid int) (children []int, err error) {
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		stat, err := os.ReadFile(file)
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
			continue // it has ended
		}
		if err != nil {
			return nil, err
		}
		child, parent, err := parsePIDs(string(stat))
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", file, err)
		}
		if parent == pid {
			children = append(children, child)
		}
	}
	return children, nil
}

// parsePIDs reads a process's number and its parent's: pid (name) state parent …,
// where the name may hold anything, parentheses too (proc(5)).
func parsePIDs(stat string) (pid, parent int, err error) {
	name, rest := strings.Index(stat, " ("), strings.LastIndex(stat, ") ")
	fields := strings.Fields(stat[max(rest, 0):])
	if name < 0 || rest < name || len(fields) < 3 {
		return 0, 0, fmt.Errorf("not as proc(5) says: %q", stat)
	}
	if pid, err = strconv.Atoi(stat[:name]); err != nil {
		return 0, 0, err
	}
	parent, err = strconv.Atoi(fields[2])
	return pid, parent, err
}
