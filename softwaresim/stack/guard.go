package stack

import (
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
)

//go:embed guard.sh
var guardScript string

// A guard is a small process that ends a stack's servers when this process has
// gone, however it went: it reads a pipe that only this process holds open. The
// kernel's own means, PR_SET_PDEATHSIG, follows the thread that forked and is
// set as well, for the moment before the guard has heard of a server.
type guard struct {
	cmd *exec.Cmd

	mu   sync.Mutex
	pipe *os.File
}

// startGuard starts a guard that will also remove the stack's files, unless keep.
func startGuard(p *place, keep bool) (*guard, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("start the stack's guard: %w", err)
	}
	defer r.Close()
	g := &guard{pipe: w, cmd: exec.Command("/bin/sh", "-c", guardScript, "ringside-stack-guard")}
	g.cmd.Stdin = r
	g.cmd.Dir = "/"
	// Ctrl-C and kill -- -PGRP are for the stack, not for its guard.
	g.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := g.cmd.Start(); err != nil {
		w.Close()
		return nil, fmt.Errorf("start the stack's guard: %w", err)
	}
	if keep {
		return g, nil
	}
	err = g.tell("remove", p.servers)
	for _, own := range []string{"stack.json", "stack.json.new", "servers", "logs", "secrets", "ca.pem", "queueapp.toml", "floorplan.toml", "customers.csv"} {
		if err == nil {
			err = g.tell("remove", p.path(own))
		}
	}
	if err == nil && p.made {
		err = g.tell("rmdir", p.dir)
	}
	return g, err
}

func (g *guard) tell(words ...string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, err := fmt.Fprintln(g.pipe, strings.Join(words, " ")); err != nil {
		return fmt.Errorf("tell the stack's guard: %w", err)
	}
	return nil
}

// watch has the guard end pid by signal once this process has gone.
func (g *guard) watch(pid int, signal string) error {
	started, err := startTime(pid)
	if err != nil {
		return err
	}
	return g.tell("watch", fmt.Sprint(pid), started, signal)
}

// forget tells the guard that pid has ended, so that whoever gets that number
// next is left alone.
func (g *guard) forget(pid int) error { return g.tell("forget", fmt.Sprint(pid)) }

// release has the guard do its work now, and waits for it.
func (g *guard) release() error {
	g.mu.Lock()
	err := g.pipe.Close()
	g.mu.Unlock()
	if err != nil {
		return nil // released before
	}
	if err := g.cmd.Wait(); err != nil {
		return fmt.Errorf("remove the stack's files: %w", err)
	}
	return nil
}

// startTime is when a process started, in the kernel's ticks (proc(5), field 22
// of stat): with the pid it names a process for good.
func startTime(pid int) (string, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", fmt.Errorf("watch process %d: %w", pid, err)
	}
	_, after, found := strings.Cut(string(stat), ") ")
	fields := strings.Fields(after)
	if !found || len(fields) < 20 {
		return "", fmt.Errorf("watch process %d: cannot read %q", pid, stat)
	}
	return fields[19], nil
}
