package main

import (
	"errors"
	"path/filepath"
	"slices"

	"github.com/BurntSushi/toml"

	"ringside/cmd/queueapp/config"
	"ringside/queueapp/floorplan"
)

// defaultConfigCommand is `default-config [floorplan]`.
type defaultConfigCommand struct {
	Of string `arg:"" optional:"" enum:"queueapp,floorplan" default:"queueapp" help:"queueapp (the default) or floorplan."`
}

// Run prints the file, whose comments are its manual.
func (c *defaultConfigCommand) Run(a *app) error {
	if c.Of == "floorplan" {
		a.printf("%s", floorplan.Default())
		return nil
	}
	a.printf("%s", config.Sample())
	return nil
}

// checkConfigCommand is `check-config [FILE…]`.
type checkConfigCommand struct {
	Files []string `arg:"" optional:"" name:"file" help:"Files like queueapp.toml or a floor plan. Default: the one of --config."`
}

// Run checks all files and says every problem of each. Nothing is tried: `queueapp doctor` does that.
func (c *checkConfigCommand) Run(a *app) error {
	if len(c.Files) == 0 {
		return a.checkOne(a.configFile, a.checkOwn)
	}
	var all []error
	for _, file := range c.Files {
		text, err := config.ReadFile(file)
		switch {
		case err != nil:
			all = append(all, err)
		case isPlan(file, text):
			all = append(all, a.checkOne(file, func(file string) error {
				_, err := floorplan.Parse(file, text)
				return err
			}))
		default:
			all = append(all, a.checkOne(file, func(file string) error {
				_, found := config.Load(file, false, a.env)
				return found.Err()
			}))
		}
	}
	return errors.Join(all...)
}

// checkOne says that a file is right, or returns what is wrong with it.
func (a *app) checkOne(file string, check func(string) error) error {
	err := check(file)
	if err == nil {
		a.printf("%s is right\n", file)
	}
	return err
}

func (a *app) checkOwn(string) error {
	_, err := a.config()
	return err
}

// isPlan tells a floor plan from a queueapp.toml: by its name, else by the tables that only one of them has.
func isPlan(file string, text []byte) bool {
	if filepath.Base(file) == "queueapp.toml" {
		return false
	}
	var tables map[string]any
	if _, err := toml.Decode(string(text), &tables); err != nil {
		return true // a syntax error is the same in both
	}
	return !slices.ContainsFunc([]string{"postgres", "xmpp", "http", "log", "switch"}, func(name string) bool {
		_, there := tables[name]
		return there
	})
}
