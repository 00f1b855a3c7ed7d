package child

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

// A guard is a small process that reads a pipe which only this process holds
// open; when that ends, it ends the children that are left and removes files.
type guard struct {
	cmd *exec.Cmd

	mu   sync.Mutex
	pipe *os.File
}

func startGuard() (*guard, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("start the guard: %w", err)
	}
	defer r.Close()
	g := &guard{pipe: w, cmd: exec.Command("/bin/sh", "-c", guardScript, "ringside-guard")}
	g.cmd.Stdin = r
	g.cmd.Dir = "/"
	// Ctrl-C, and a kill of the whole process group, are not for the guard.
	g.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := g.cmd.Start(); err != nil {
		w.Close()
		return nil, fmt.Errorf("start the guard: %w", err)
	}
	return g, nil
}

// tell writes one order. The script takes what follows the first word as it is,
// up to the end of the line.
func (g *guard) tell(words ...string) error {
	line := strings.Join(words, " ")
	if strings.Contains(line, "\n") {
		return fmt.Errorf("tell the guard: %q cannot be said", line)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, err := fmt.Fprintln(g.pipe, line); err != nil {
		return fmt.Errorf("tell the guard: %w", err)
	}
	return nil
}

// watch has the guard end pid by a signal, named without SIG.
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
		return fmt.Errorf("wait for the guard to clear up: %w", err)
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
	// The second field is the program's name in brackets, and may hold anything.
	text := string(stat)
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	if len(fields) < 20 {
		return "", fmt.Errorf("watch process %d: cannot read %q", pid, stat)
	}
	return fields[19], nil
}
