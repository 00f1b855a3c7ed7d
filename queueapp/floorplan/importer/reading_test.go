package importer_test

import (
	"strings"
	"testing"

	"ringside/queueapp/floorplan"
	"ringside/queueapp/floorplan/importer"
)

// imported is the floor plan of one file, and what is said of it.
func imported(t *testing.T, text string) (plan, said string) {
	t.Helper()
	p, report, err := importer.Import(importer.File{Name: "x", Text: []byte(text)})
	if err != nil {
		t.Fatalf("%s\n%v", text, err)
	}
	var b strings.Builder
	for _, n := range report {
		b.WriteString(n.String() + "\n")
	}
	fixed(t, p)
	return string(floorplan.Print(p)), b.String()
}

// Asterisk's syntax: what is in the plan, or else in the report.
func TestAsterisksSyntax(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"\ufeff[a]\r\nweight = 7\r\n":                                                    "weight = 7\n",
		"[a]\nweight=>7":                                                                 "weight = 7\n",
		"[a]\nWeight = 7 ; 8":                                                            "weight = 7\n",
		"[a]\nweight = 7 ;-- 8 --; ":                                                     "weight = 7\n",
		"[a]\n;-- one ;-- two --; weight = 8 --;\nweight = 7":                            "weight = 7\n",
		"[a]\n;--- no block\nweight = 7":                                                 "weight = 7\n",
		"[a]\nmember => PJSIP/1,0,Ana \\; Bo":                                            `name = "Ana ; Bo"`,
		"[t](!)\nweight = 7\n[a](t)":                                                     "weight = 7\n",
		"[t](!)\nweight = 7\n[u](!,t)\nmaxlen = 3\n[a](u)":                               "weight = 7\n",
		"[t](!)\nweight = 7\n[u](!)\nweight = 8\n[a](u,t)":                               "weight = 7\n",
		"[a]\nweight = 6\n[b]\nweight = 5\n[a](+)\nweight = 7":                           "weight = 7\n",
		"[b]\nweight = 7\n[a](b)\nmaxlen = 2":                                            "weight = 7\n",
		"[a](nobody)\nweight = 7":                                                        "x:1: a: [a]: not understood: there is no [nobody] above",
		"weight = 3\n[a]\nweight = 7":                                                    "x:1: weight = 3: not understood: stands above every [section]",
		"[t](!)\nweight=1\n[a](t)\n[t](+)\nmaxlen = 3\n":                                 "x:5: t: maxlen = 3: was not in force",
		"[a]\n#exec /bin/list\nweight = 7":                                               "x:2: #exec = /bin/list: said elsewhere: nothing is run",
		"[a]\n#other x\nweight = 7":                                                      "x:2: #other = x: not understood",
		"[a]\nmember => PJSIP/1\n[b]\nmember => PJSIP/1,0,Ana":                           `name = "Ana"`,
		"[a]\nmember => PJSIP/ana,0,Ana Lima":                                            "[agent.ana-lima]",
		"[a]\nmember => PJSIP/ana":                                                       "[agent.pjsip-ana]",
		"[a]\nmember => PJSIP/1,5000":                                                    "level = 1000",
		"[a]\nmember => PJSIP/1,0,,one":                                                  "one cannot be a device here",
		"[a]\nmember => IAX2/b/1\nmember => IAX2/b/2":                                    `members = ["1", "2"]`,
		"[a]\nstrategy=wrandom\nmember => PJSIP/1,2":                                     `members = ["1"]`,
		"[general]\nnegative_penalty_invalid=yes\n[a]\nweight = 7\nmember => PJSIP/1,-1": "members = []",
		"[a]\ntimeout = 86400":                                                           "nearly the same: queue.a.ring: it can be 1s to 10m; 10m was written",
		"[a]\nweight = 7\nmin-announce-frequency = 0":                                    "nearly the same: queue.a.min_announce_frequency: it can be 1s to 1h; 1s was written",
		"[a]\nweight = 7\nmin-announce-frequency = 3":                                    `min_announce_frequency = "3s"`,
		"[a]\nweight = 7\nannounce-frequency = 3":                                        "nearly the same: queue.a.announce_frequency: it can be 5s to 1h, or 0; 5s was written",
		"[a]\ndefaultrule = r":                                                           "name queuerules.conf in the same import",
	} {
		if plan, said := imported(t, text); !strings.Contains(plan+said, want) {
			t.Errorf("%q: no %q in\n%s%s", text, want, plan, said)
		}
	}
}

// No name of a section brings its control characters into the report.
func TestNotesAreOneLine(t *testing.T) {
	t.Parallel()
	if _, said := imported(t, "[t](!)\nringinuse = no\n[a](t)\n[b\rc\x1b](t)\n"); strings.ContainsAny(said, "\r\x1b") || !strings.Contains(said, "a, b c: ringinuse") {
		t.Errorf("%q", said)
	}
}

// What FreeSWITCH dials, and what Asterisk dials in its place.
func TestContacts(t *testing.T) {
	t.Parallel()
	const uuid = "0a1b2c3d-0000-4000-8000-000000000001"
	for contact, want := range map[string]string{
		"user/1000": `"PJSIP/1000"`,
		"{a=b,c=d}[e=f]user/1000@pbx.example.org": `"PJSIP/1000"`,
		"sofia/internal/sip:1000@192.0.2.1":       `"PJSIP/1000"`,
		"sofia/gateway/carrier/5551234":           `"PJSIP/5551234@carrier"`,
		"loopback/7/default/XML":                  `"Local/7@default/n"`,
		"error/user_busy":                         `"PJSIP/` + uuid + `"`,
		"[open":                                   `"PJSIP/` + uuid + `"`,
		"user/a b":                                `"PJSIP/` + uuid + `"`,
	} {
		plan, said := imported(t, `<configuration name="callcenter.conf"><agents><agent name="`+uuid+`" contact="`+contact+`"/></agents></configuration>`)
		if !strings.Contains(plan, "dial = "+want) {
			t.Errorf("%s: no %s in\n%s", contact, want, plan)
		}
		if guessed := strings.Contains(want, uuid); guessed != strings.Contains(said, "was guessed") {
			t.Errorf("%s: %s", contact, said)
		}
	}
}

// The tier rules are stages: all higher levels after one wait, or each after its own.
func TestTierRules(t *testing.T) {
	t.Parallel()
	for rules, want := range map[string]string{
		"true 20 false true":  `stages = [{ after = "0s", max = 1 }, { after = "20s" }]` + "\n",
		"true 20 true true":   `stages = [{ after = "0s", max = 1 }, { after = "40s", max = 2 }, { after = "1m40s", max = 5 }]` + "\n",
		"true 20 true false":  "patient = true\n",
		"false 20 true false": "maxnoanswer = 0\n\n",
		"true 0 true true":    "maxnoanswer = 0\n\n",
	} {
		var b strings.Builder
		b.WriteString(`<configuration name="callcenter.conf"><queues><queue name="q">`)
		for i, name := range []string{"tier-rules-apply", "tier-rule-wait-second", "tier-rule-wait-multiply-level", "tier-rule-no-agent-no-wait"} {
			b.WriteString(`<param name="` + name + `" value="` + strings.Fields(rules)[i] + `"/>`)
		}
		b.WriteString(`</queue></queues><agents><agent name="1"/><agent name="2"/><agent name="3"/></agents><tiers>` +
			`<tier agent="3" queue="q" level="5"/><tier agent="1" queue="q"/><tier agent="2" queue="q" level="2"/></tiers></configuration>`)
		if plan, _ := imported(t, b.String()); !strings.Contains(plan, want) {
			t.Errorf("%s: no %q in\n%s", rules, want, plan)
		}
	}
}

// A field that is there twice counts once, and does not carry a weight out of its range.
func TestFieldsThatAreThereTwice(t *testing.T) {
	t.Parallel()
	plan, said := imported(t, `<ArrayOfDTOQueue><DTOQueue><Id>1</Id><Weight>1</Weight>
<Weight>4</Weight></DTOQueue><DTOQueue><Id>2</Id><Weight>3</Weight></DTOQueue></ArrayOfDTOQueue>`)
	if !strings.Contains(said, "x:1: 1: Weight = 1: was not in force: is said again in x:2") || !strings.Contains(plan, "weight = 1\n") {
		t.Errorf("%s%s", plan, said)
	}
}
