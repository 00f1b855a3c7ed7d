package importer

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// documented is every option that the documents of app_queue and mod_callcenter name, kept apart from the tables that
// carry them out.
func documented() map[string]string {
	return map[string]string{
		"general": `persistentmembers autofill monitor-type shared_lastcall negative_penalty_invalid log_membername_as_agent
			log-caller-id-name log-restricted-caller-id force_longest_waiting_caller log_unpause_on_reason_change`,
		"queue": `musicclass announce queue-callerannounce strategy servicelevel context penaltymemberslimit timeout retry
			timeoutpriority weight wrapuptime autofill autopause autopausedelay autopausebusy autopauseunavail maxlen
			setinterfacevar setqueueentryvar setqueuevar membergosub announce-frequency min-announce-frequency
			periodic-announce periodic-announce-frequency periodic-announce-startdelay random-periodic-announce
			relative-periodic-announce announce-holdtime announce-position announce-position-limit
			announce-position-only-up announce-to-first-user announce-round-seconds queue-youarenext queue-thereare
			queue-callswaiting queue-quantity1 queue-quantity2 queue-holdtime queue-minute queue-minutes queue-seconds
			queue-thankyou queue-reporthold monitor-format monitor-type joinempty leavewhenempty reportholdtime
			memberdelay ringinuse timeoutrestart defaultrule log-restricted-caller-id`,
		"centre": `strategy moh-sound announce-sound announce-frequency record-template time-base-score tier-rules-apply
			tier-rule-wait-second tier-rule-wait-multiply-level tier-rule-no-agent-no-wait discard-abandoned-after
			abandoned-resume-allowed max-wait-time max-wait-time-with-no-agent
			max-wait-time-with-no-agent-time-reached agent-no-answer-status ring-progressively-delay
			skip-agents-with-external-calls`,
	}
}

func TestEveryDocumentedOptionIsKnown(t *testing.T) {
	t.Parallel()
	known := map[string][]string{
		"general": keys(generalOptions()), "queue": slices.Concat(keys(queueOptions()), keys(announcements())), "centre": keys(centreOptions()),
	}
	sample := map[string]string{
		"general": "testdata/queues/queues.conf", "queue": "testdata/queues/queues.conf", "centre": "testdata/callcenter/callcenter.conf.xml",
	}
	for kind, options := range documented() {
		text, err := os.ReadFile(sample[kind])
		if err != nil {
			t.Fatal(err)
		}
		for _, option := range append(strings.Fields(options), known[kind]...) {
			written := "\n" + option + " ="
			if kind == "centre" {
				written = `name="` + option + `"`
			}
			arrow := strings.Replace(written, "=", "=>", 1)
			if !strings.Contains(string(text), written) && !strings.Contains(string(text), arrow) {
				t.Errorf("%s does not try %s", sample[kind], option)
			}
		}
		for _, option := range strings.Fields(options) {
			if !strings.Contains(" "+strings.Join(known[kind], " ")+" ", " "+option+" ") {
				t.Errorf("%s is not known", option)
			}
		}
	}
}

// The words for an empty queue, old and new.
func TestEmptyQueues(t *testing.T) {
	t.Parallel()
	q := queueOptions()
	for _, c := range []struct{ option, value, want string }{
		{"joinempty", "yes", "false []"},
		{"joinempty", "", "false []"},
		{"joinempty", "no", "true [paused]"},
		{"joinempty", "off", "true [paused]"},
		{"joinempty", "strict", "true [paused unavailable]"},
		{"joinempty", "loose", "true []"},
		{"joinempty", "wrapup, inuse,ringing", "true [wrapup inuse ringing]"},
		{"joinempty", "nonsense", "false []"},
		{"leavewhenempty", "no", "false []"},
		{"leavewhenempty", "yes", "true [paused]"},
		{"leavewhenempty", "1", "true [paused]"},
		{"leavewhenempty", "unknown,unavailable", "true [unavailable]"},
	} {
		d, err := newDraft([]File{{Name: "x"}})
		if err != nil {
			t.Fatal(err)
		}
		in := d.queue("x")
		q[c.option](in, c.value)
		e := in.Join
		if c.option == "leavewhenempty" {
			e = in.Leave
		}
		var words []string
		for _, a := range e.Absent {
			words = append(words, string(a))
		}
		got := map[bool]string{true: "true", false: "false"}[e.Matters] + " [" + strings.Join(words, " ") + "]"
		if got != c.want {
			t.Errorf("%s=%s: %s, want %s", c.option, c.value, got, c.want)
		}
	}
}
