// Command queueapp is Ringside: the queue itself (`queueapp run`) and the tools of whoever operates it.
//
// This package wires the others together and is the command line: flags, configuration, signals. It decides nothing about
// calls.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	_ "time/tzdata" // queues' hours: a container may have no time zones of its own

	"github.com/alecthomas/kong"

	"ringside/cmd/queueapp/config"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], terminal{stdout: os.Stdout, stderr: os.Stderr, env: os.Environ()})
	stop()
	os.Exit(code)
}

// The exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// terminal is what a command talks to.
type terminal struct {
	stdout, stderr io.Writer
	env            config.Environment
}

// errFailed ends a command that has already said what is wrong.
var errFailed = errors.New("failed")

// usageError is a command line that asks for what does not go together.
type usageError string

func (e usageError) Error() string { return string(e) }

// run is one command from its arguments to its exit code. It returns when ctx ends at the latest.
func run(ctx context.Context, args []string, term terminal) int {
	var cli grammar
	helped := false
	parser, err := kong.New(&cli,
		kong.Name("queueapp"),
		kong.Description("Ringside: a call queue for Asterisk. When an agent's phone rings, the caller's record is already on the agent's screen."),
		kong.Vars{"config": defaultConfigFile(term.env)},
		kong.Writers(term.stdout, term.stderr),
		kong.Exit(func(int) { helped = true }), // only --help ends a parse
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}),
	)
	if err != nil {
		_, _ = fmt.Fprintln(term.stderr, "queueapp:", err)
		return exitFailed
	}
	parsed, err := parser.Parse(args)
	if helped {
		return exitDone
	}
	if err != nil {
		_, _ = fmt.Fprintf(term.stderr, "queueapp: %v\nTry `queueapp --help`.\n", err)
		return exitUsage
	}
	parsed.BindTo(ctx, (*context.Context)(nil))
	parsed.Bind(&cli)
	err = parsed.Run(&app{terminal: term, configFile: cli.Config})
	return exitCode(ctx, term, err)
}

// exitCode says what went wrong, where that is not said yet.
func exitCode(ctx context.Context, term terminal, err error) int {
	var usage usageError
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errFailed):
		return exitFailed
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		_, _ = fmt.Fprintln(term.stderr, "queueapp: interrupted")
		return exitFailed
	}
	for line := range strings.SplitSeq(err.Error(), "\n") {
		_, _ = fmt.Fprintln(term.stderr, "queueapp:", line)
	}
	if errors.As(err, &usage) {
		return exitUsage
	}
	return exitFailed
}

const etcConfig = "/etc/queueapp/queueapp.toml"

func defaultConfigFile(env config.Environment) string {
	if file, ok := env.Lookup("QUEUEAPP_CONFIG"); ok && file != "" {
		return file
	}
	return etcConfig
}

// app is what every command works with.
type app struct {
	terminal
	configFile string
}

// config reads the configuration and fails with all problems of the sections that the command needs; of every section
// where it names none.
func (a *app) config(sections ...string) (config.Config, error) {
	c, all := config.Load(a.configFile, a.configFile == etcConfig, a.env)
	var found config.Problems
	for _, p := range all {
		if len(sections) == 0 || p.Section() == "" || slices.Contains(sections, p.Section()) {
			found = append(found, p)
		}
	}
	if len(found) == 0 {
		return c, nil
	}
	if _, err := os.Stat(a.configFile); errors.Is(err, os.ErrNotExist) && a.configFile == etcConfig {
		found = append(found, config.Problem{File: a.configFile, What: "is not there; `queueapp default-config` prints one to start from"})
	}
	return c, found
}

// printf writes to standard output; where that is gone, so is the reason to go on, and the next signal says so.
func (a *app) printf(format string, args ...any) {
	_, _ = fmt.Fprintf(a.stdout, format, args...)
}
