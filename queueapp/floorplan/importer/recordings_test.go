package importer

import "testing"

func TestRecordingsAreTakenOver(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ file, text, want string }{
		"in a format":         {"queues.conf", "[a]\nmonitor-format = gsm\n", "gsm"},
		"in capitals":         {"queues.conf", "[a]\nmonitor-format = WAV\n", "wav"},
		"off":                 {"queues.conf", "[a]\nmonitor-format =\n", ""},
		"in no format":        {"queues.conf", "[a]\nmonitor-format = ../x\n", ""},
		"of mod_callcenter":   {"callcenter.conf.xml", centreWith("/var/rec/${uuid}.gsm"), "gsm"},
		"without an ending":   {"callcenter.conf.xml", centreWith("/var/rec/${uuid}"), "wav"},
		"with a wrong ending": {"callcenter.conf.xml", centreWith("/var/rec/x.${format}"), "wav"},
		"nowhere":             {"callcenter.conf.xml", centreWith(""), ""},
	} {
		plan, _, err := Import(File{Name: c.file, Text: []byte(c.text)})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got := ""
		if r, ok := plan.Recording("a"); ok {
			got = r.Format
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func centreWith(template string) string {
	return `<configuration name="callcenter.conf"><queues><queue name="a"><param name="record-template" value="` + template +
		`"/></queue></queues></configuration>`
}
