package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"ringside/cmd/queueapp/config"
	"ringside/queueapp/floorplan"
	"ringside/queueapp/floorplan/importer"
)

// importCommand is `import FILE…`.
type importCommand struct {
	Files []string `arg:"" name:"file" help:"queues.conf with queuerules.conf; callcenter.conf.xml; or CloverQ's cloverq-conf.json, datos-queues.xml and datos-members.xml. The files of one system at a time."`
	Out   string   `short:"o" placeholder:"FILE" help:"Write the floor plan to FILE, which must not be there yet, instead of printing it."`
	Force bool     `help:"With --out: replace what is there."`
	JSON  bool     `help:"Report on every line as JSON, on standard error."`
}

// Run prints the floor plan that the files make, and reports on standard error what became of their lines. It changes no
// floor.
func (c *importCommand) Run(a *app) error {
	if c.Force && c.Out == "" {
		return usageError("--force goes with --out")
	}
	var files []importer.File
	for _, name := range c.Files {
		text, err := config.ReadFile(name)
		if err != nil {
			return err
		}
		files = append(files, importer.File{Name: name, Text: text})
	}
	plan, report, err := importer.Import(files...)
	if err != nil {
		return err
	}
	if err := c.write(a, floorplan.Print(plan)); err != nil {
		return err
	}
	if c.JSON {
		return a.reportJSON(report)
	}
	a.report(report)
	return nil
}

func (c *importCommand) write(a *app, text []byte) error {
	if c.Out == "" {
		_, err := a.stdout.Write(text)
		return err
	}
	for _, f := range c.Files {
		if sameFile(f, c.Out) {
			return fmt.Errorf("%s: is read, and would be lost; name another file for --out", c.Out)
		}
	}
	var err error
	if c.Force {
		err = replace(c.Out, text)
	} else {
		err = create(c.Out, text)
	}
	switch {
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("%s: is there already; name another file, or add --force to replace it", c.Out)
	case err != nil:
		return fmt.Errorf("write the floor plan: %w", err)
	}
	return nil
}

func sameFile(a, b string) bool {
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(one, other)
}

// planMode lets everybody read a floor plan: there are no secrets in it.
const planMode = 0o644

// create writes a file that is not there yet.
func create(name string, text []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, planMode)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(name))
	}
	return nil
}

// replace writes a file in place of another, or leaves that as it is.
func replace(name string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+"-*")
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Chmod(planMode), f.Close()); err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// longestNote is how much of a note is shown, in characters: what a hostile file can put into one is less.
const longestNote = 1000

// report says what became of all lines but those that are in the floor plan as they were.
func (a *app) report(report importer.Report) {
	for _, n := range report {
		if n.Fate != importer.Carried {
			_, _ = fmt.Fprintln(a.stderr, clean(n.String(), longestNote))
		}
	}
	var counts []string
	for _, f := range importer.Fates() {
		if n := report.Count(f); n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n, f.Phrase()))
		}
	}
	_, _ = fmt.Fprintf(a.stderr, "in all: %s; nothing is in force yet: read it through, then `queueapp apply`\n", strings.Join(counts, ", "))
}

// reportJSON says it of all lines, for programs.
func (a *app) reportJSON(report importer.Report) error {
	counts := map[importer.Fate]int{}
	for _, n := range report {
		counts[n.Fate]++
	}
	e := json.NewEncoder(a.stderr)
	e.SetIndent("", "  ")
	return e.Encode(struct {
		Counts map[importer.Fate]int `json:"counts"`
		Lines  importer.Report       `json:"lines"`
	}{counts, report})
}
