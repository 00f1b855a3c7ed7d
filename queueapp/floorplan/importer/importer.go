package importer

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"ringside/queueapp/floorplan"
)

// File is a file to import.
type File struct {
	Name string // for messages
	Text []byte
}

// Format is what a file is.
type Format string

// The formats that can be imported.
const (
	Queues         Format = "queues.conf"
	QueueRules     Format = "queuerules.conf"
	CallCenter     Format = "callcenter.conf.xml"
	CloverQ        Format = "cloverq-conf.json"
	CloverQQueues  Format = "datos-queues.xml"
	CloverQMembers Format = "datos-members.xml"
)

// peer is the system that a format belongs to.
func (f Format) peer() string {
	switch f {
	case Queues, QueueRules:
		return "app_queue"
	case CallCenter:
		return "mod_callcenter"
	case CloverQ, CloverQQueues, CloverQMembers:
	}
	return "CloverQ"
}

// largest is more than any site's configuration, in bytes.
const largest = 16 << 20

// Import makes one floor plan of the files of one system, given in any order, and says what became of each line. The plan
// is one that floorplan.Parse accepts as floorplan.Print writes it. An error means that a file could not be read, and that
// nothing was made of any.
func Import(files ...File) (floorplan.Plan, Report, error) {
	d, err := newDraft(files)
	if err != nil {
		return floorplan.Plan{}, nil, err
	}
	sorted := map[Format][]File{}
	var first Format
	for i, f := range files {
		f.Text = bytes.TrimPrefix(f.Text, []byte("\xef\xbb\xbf"))
		format, err := Recognise(f)
		if err != nil {
			return floorplan.Plan{}, nil, err
		}
		if i == 0 {
			first = format
		}
		if format.peer() != first.peer() {
			return floorplan.Plan{}, nil, fmt.Errorf("%s is %s's, and %s is %s's; import the files of one system at a time",
				files[0].Name, first.peer(), f.Name, format.peer())
		}
		sorted[format] = append(sorted[format], f)
	}
	if err := d.read(first.peer(), sorted); err != nil {
		return floorplan.Plan{}, nil, err
	}
	d.add(line{file: files[0].Name}, "", elsewhere("no other queue knows to whose screen a caller's record goes",
		"write the jids of each [agent.NUMBER], and the [customers] and menus that there are"))
	plan, err := d.finish()
	if err != nil {
		return floorplan.Plan{}, nil, fmt.Errorf("what was read makes no floor plan:\n%w", err)
	}
	return plan, d.sorted(), nil
}

func (d *draft) read(peer string, files map[Format][]File) error {
	switch peer {
	case "app_queue":
		return d.appQueue(files[Queues], files[QueueRules])
	case "mod_callcenter":
		return d.callCenters(files[CallCenter])
	}
	return d.cloverQ(files[CloverQ], files[CloverQQueues], files[CloverQMembers])
}

const known = "queues.conf, queuerules.conf, callcenter.conf.xml, and CloverQ's cloverq-conf.json, datos-queues.xml and datos-members.xml can be imported"

// Recognise tells what a file is by what is in it.
func Recognise(f File) (Format, error) {
	text := bytes.TrimPrefix(f.Text, []byte("\xef\xbb\xbf"))
	start := bytes.TrimLeft(text, " \t\r\n")
	switch {
	case len(text) > largest:
		return "", fmt.Errorf("%s: is longer than %d MB; no call queue's configuration is", f.Name, largest>>20)
	case bytes.IndexByte(text, 0) >= 0:
		return "", fmt.Errorf("%s: is no text, or not UTF-8; %s", f.Name, known)
	case len(start) == 0:
		return "", fmt.Errorf("%s: is empty; %s", f.Name, known)
	case start[0] == '<':
		return recogniseXML(f.Name, text)
	case start[0] == '{':
		return recogniseJSON(f.Name, text)
	}
	return recogniseConf(f.Name, string(text))
}

// recogniseConf tells Asterisk's files from each other, and from those of other programs, which look alike.
func recogniseConf(name, text string) (Format, error) {
	for _, table := range []string{"[queue.", "[agent.", "[extension.", "[menu."} {
		if strings.HasPrefix(text, table) || strings.Contains(text, "\n"+table) {
			return "", fmt.Errorf("%s: is a floor plan already; put it in force with `queueapp apply`", name)
		}
	}
	said := newNotes()
	c, err := readConf([]File{{Name: name, Text: []byte(text)}}, &said)
	if err != nil {
		return "", err
	}
	if len(c.sections) == 0 {
		return "", fmt.Errorf("%s: has no [section]; %s", name, known)
	}
	options, rules, ours := 0, 0, 0
	general, queue := generalOptions(), queueOptions()
	for _, s := range c.sections {
		for _, l := range s.lines {
			options++
			if l.is("penaltychange") || l.is("realtime_rules") {
				rules++
			}
			if _, ok := general[l.name()]; ok || queue[l.name()] != nil || l.is("member") {
				ours++
			}
		}
	}
	switch {
	case rules > 0 && ours == 0:
		return QueueRules, nil
	case options > 0 && ours == 0:
		return "", fmt.Errorf("%s: has no option of queues.conf or queuerules.conf in it; %s", name, known)
	}
	return Queues, nil
}

// errTooMuch ends the reading of what was made to be endless.
var errTooMuch = errors.New("unfolds to more than any site's configuration; take out what stands in it again and again")
