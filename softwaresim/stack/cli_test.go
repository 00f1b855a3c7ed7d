package stack

import (
	"strings"
	"testing"
)

// What is added to a configuration file is in force, with its values, and Asterisk's command line says so.
func TestAppendAndCommandLine(t *testing.T) {
	s := start(t, Options{Only: []string{Asterisk}, Append: map[string]string{
		"extensions.conf": "\n[ringside-trunk](+)\nexten => 8999,1,Stasis({{.App}},queue,added)\n",
		"queues.conf":     "\n[added]\nstrategy = rrmemory\n",
	}})
	for command, want := range map[string]string{
		"dialplan show 8999@ringside-trunk": "Stasis(" + appName + ",queue,added)",
		"dialplan show 7001@ringside-trunk": "Queue(twin)",
		"queue show added":                  "in 'rrmemory' strategy",
		"queue show nobody":                 "No such queue",
	} {
		said, err := s.CLI(t.Context(), command)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(said, want) {
			t.Errorf("%s: it says\n%s\nwithout %q", command, said, want)
		}
	}
}

func TestAppendToNoFile(t *testing.T) {
	t.Parallel()
	o := Options{Append: map[string]string{"queueapp.toml": ""}}
	if err := o.checkAppend(); err == nil || !strings.Contains(err.Error(), "queueapp.toml") {
		t.Errorf("got %v", err)
	}
}
