package importer_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"ringside/queueapp/floorplan/importer"
)

// What cannot be read is refused with the file, and where it can be told the line and what to do.
func TestRefused(t *testing.T) {
	t.Parallel()
	const centre = `<configuration name="callcenter.conf">`
	for name, c := range map[string]struct{ text, want string }{
		"nothing":                 {" \n\t\n", "x: is empty; queues.conf"},
		"binary":                  {"[general]\x00", "x: is no text"},
		"a floor plan":            {"[queue.support]\nring = \"20s\"\n", "x: is a floor plan already; put it in force with `queueapp apply`"},
		"another conf":            {"[transport-udp]\ntype = transport\nbind = 0.0.0.0\n", "x: has no option of queues.conf"},
		"prose":                   {"Dear Sir or Madam,\n", "x: has no [section]"},
		"an open section":         {"[general]\n[sales\n", "x:2: a [section] has no closing ]"},
		"an open comment":         {"[sales]\ntimeout = 3\n;-- and on\nweight = 1\n", "x:3: a block comment begins here and never ends; write --;"},
		"a long line":             {"[sales]\nmember => PJSIP/" + strings.Repeat("1", 1<<17), "x:2: is longer than 64 KB"},
		"too large":               {strings.Repeat(";comment\n", 2<<20), "x: is longer than 16 MB"},
		"rules alone":             {"[r]\npenaltychange => 1,2\n", "x: is about the members of queues"},
		"another XML":             {"<html><body/></html>", "x: has neither <configuration"},
		"open XML":                {centre + "<queues>\n<queue name=", "x:2: is not well-formed XML"},
		"crossed XML":             {centre + "\n<queues></agents>", "x:2: is not well-formed XML"},
		"Latin-1":                 {"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>" + centre, "x: is not UTF-8; save it as UTF-8"},
		"entities":                {"<!DOCTYPE a [<!ENTITY b \"c\">]>\n" + centre + "&b;</configuration>", "x:1: declares entities"},
		"an unknown entity":       {centre + "\n&b;</configuration>", "x:2: is not well-formed XML"},
		"deep XML":                {centre + strings.Repeat("<a>", 100), "unfolds to more"},
		"another JSON":            {`{"name": "x"}`, "x: has none of QueueLog, CallManagers"},
		"open JSON":               {"{\"CallManagers\":\n[", "x:2: is not well-formed JSON"},
		"more JSON":               {"{\"CallManagers\": [{\"Port\": 1}]}\n{}", "x:2: more follows"},
		"deep JSON":               {`{"CallManagers":` + strings.Repeat("[", 1000), "unfolds to more"},
		"connections alone":       {`{"StasisQueueAppName": "x"}`, "x: says how to connect, and nothing of the floor"},
		"templates of themselves": {bomb(), "unfolds to more"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, report, err := importer.Import(importer.File{Name: "x", Text: []byte(c.text)})
			if err == nil || !strings.Contains(err.Error(), c.want) || report != nil {
				t.Errorf("%v, want %q; report %v", err, c.want, report)
			}
		})
	}
	if _, _, err := importer.Import(); err == nil {
		t.Error("no file at all was imported")
	}
}

// bomb is a small file of templates each of which inherits from the one before twice.
func bomb() string {
	var b strings.Builder
	b.WriteString("[t0](!)\nweight = 1\n")
	for i := range 40 {
		fmt.Fprintf(&b, "[t%d](!,t%d,t%d)\n", i+1, i, i)
	}
	return b.String()
}

// Files of two systems are not thrown together.
func TestOneSystemAtATime(t *testing.T) {
	t.Parallel()
	_, _, err := importer.Import(append(files(t, "queues"), files(t, "callcenter")...)...)
	if err == nil || !strings.Contains(err.Error(), "one system at a time") {
		t.Error(err)
	}
}

// A large site takes no more than a moment, and what is made to be slow neither.
func TestLargeFilesAreRead(t *testing.T) {
	t.Parallel()
	const many = 5000
	var members, same, queues strings.Builder
	members.WriteString("[sales]\n")
	same.WriteString("[sales]\n")
	for i := range many {
		fmt.Fprintf(&members, "member => PJSIP/%d\n", 1000+i)
		fmt.Fprintf(&same, "member => Local/7@c%d/n,,Ana\n", i)
		fmt.Fprintf(&queues, "[%s%d]\nweight=1\n", strings.Repeat("ä", 70), i)
	}
	for name, text := range map[string]string{"members": members.String(), "names": same.String(), "queues": queues.String()} {
		begin := time.Now()
		plan, _, err := importer.Import(importer.File{Name: name, Text: []byte(text)})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if n := len(plan.Floor.Agents) + len(plan.Floor.Queues); n < many {
			t.Errorf("%s: %d", name, n)
		}
		if took := time.Since(begin); took > time.Minute {
			t.Errorf("%s took %s", name, took)
		}
	}
}

// Whatever is read, the plan can be printed and read again, and every note says something.
func fuzz(f *testing.F, site, suffix string) {
	for _, file := range files(f, site) {
		f.Add(string(file.Text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		plan, report, err := importer.Import(importer.File{Name: "x" + suffix, Text: []byte(text)})
		if err != nil {
			if strings.Contains(err.Error(), "makes no floor plan") {
				t.Fatalf("what was read should have been made to fit: %v", err)
			}
			return
		}
		fixed(t, plan)
		for _, n := range report {
			if n.Fate == "" || n.File == "" || n.Fate != importer.Carried && n.Why == "" {
				t.Fatalf("%#v", n)
			}
			if strings.ContainsAny(n.String(), "\n\r\x1b") {
				t.Fatalf("%q", n)
			}
		}
	})
}

func FuzzAppQueue(f *testing.F)   { fuzz(f, "queues", ".conf") }
func FuzzCallCenter(f *testing.F) { fuzz(f, "callcenter", ".xml") }
func FuzzCloverQ(f *testing.F)    { fuzz(f, "cloverq", "") }

// Rules go with a queue that names one.
func FuzzRules(f *testing.F) {
	for _, file := range files(f, "queues") {
		f.Add(string(file.Text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		queue := importer.File{Name: "q", Text: []byte("[q]\ndefaultrule = widen\nmember => PJSIP/1,3\n")}
		if plan, _, err := importer.Import(queue, importer.File{Name: "r", Text: []byte(text)}); err == nil {
			fixed(t, plan)
		} else if strings.Contains(err.Error(), "makes no floor plan") {
			t.Fatal(err)
		}
	})
}

// Members and queues of CloverQ's are read together.
func FuzzCloverMembers(f *testing.F) {
	all := files(f, "cloverq")
	f.Add(string(all[1].Text), string(all[2].Text))
	f.Fuzz(func(t *testing.T, queues, members string) {
		plan, _, err := importer.Import(importer.File{Name: "q", Text: []byte(queues)}, importer.File{Name: "m", Text: []byte(members)})
		if err == nil {
			fixed(t, plan)
		} else if strings.Contains(err.Error(), "makes no floor plan") {
			t.Fatal(err)
		}
	})
}
