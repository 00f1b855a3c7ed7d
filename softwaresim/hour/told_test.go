package hour

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// logOf are the calls that lines tell, after a full second that stands for 0.
func logOf(t *testing.T, text string) (calls []*told, wrong []string) {
	t.Helper()
	lines, wrong, err := read(strings.NewReader(strings.TrimSpace(text) + "\n"))
	if err != nil || len(wrong) > 0 {
		t.Fatalf("%q, %v", wrong, err)
	}
	return tell("support", lines)
}

// Everything that can happen to a call, put together from its lines.
func TestCallsArePutTogether(t *testing.T) {
	calls, wrong := logOf(t, `
1|NONE|NONE|NONE|QUEUESTART|
1|REALTIME|support|1000|ADDMEMBER|
10|17.1|support|NONE|ENTERQUEUE||030|1|Ana
10|17.2|support|NONE|ENTERQUEUE||031|2
11|17.3|sales|NONE|ENTERQUEUE||032|1
12|17.1|support|1000|RINGNOANSWER|2000
13|17.1|support|1001|RINGCANCELED|900
13|17.1|support|1002|AGENTDUMP|
14|17.1|support|1003|CONNECT|4|17.9|1
15|17.1|support|1003|HOLD|
17|17.1|support|1003|UNHOLD|2
18|17.2|support|NONE|ABANDON|1|2|8
19|17.1|support|1003|HOLD|
20|17.1|support|1003|UNHOLD|1
20|17.1|support|1003|ATTENDEDTRANSFER|LINK|c1|c2|4|6|1`)
	if len(wrong) > 0 {
		t.Errorf("found %q", wrong)
	}
	if len(calls) != 2 {
		t.Fatalf("%d calls", len(calls))
	}
	c := calls[0]
	if c.caller != "030" || c.name != "Ana" || c.agent != "1003" || c.waited != 4*time.Second || c.rang != time.Second ||
		c.talked != 6*time.Second || c.end != "ATTENDEDTRANSFER" || c.ended != time.Unix(20, 0) || len(c.holds) != 2 {
		t.Errorf("%+v", c)
	}
	if c.holds[0] != (toldHold{time.Unix(15, 0), time.Unix(17, 0), 2 * time.Second}) {
		t.Errorf("%+v", c.holds)
	}
	if !slices.Equal(c.vain, []toldRing{
		{"1000", "RINGNOANSWER", time.Unix(12, 0), 2 * time.Second},
		{"1001", "RINGCANCELED", time.Unix(13, 0), 900 * time.Millisecond},
		{"1002", "AGENTDUMP", time.Unix(13, 0), 0},
	}) {
		t.Errorf("%+v", c.vain)
	}
	if c := calls[1]; c.end != "ABANDON" || c.waited != 8*time.Second || c.agent != "" {
		t.Errorf("%+v", c)
	}
}

// What does not go together in the lines themselves is found.
func TestLinesThatContradictEachOther(t *testing.T) {
	const (
		enter   = "10|c|support|NONE|ENTERQUEUE||030|3\n"
		connect = "12|c|support|1000|CONNECT|2|x|1\n"
		hold    = "13|c|support|1000|HOLD|\n"
		end     = "15|c|support|1000|COMPLETEAGENT|2|3|3\n"
	)
	for _, c := range []struct{ text, why string }{
		{connect, "did not come in"},
		{enter + enter, "came in before"},
		{enter + connect + connect, "talks to the caller"},
		{enter + connect + "13|c|support|1001|RINGNOANSWER|1\n", "talks to the caller"},
		{enter + connect + "13|c|support|1001|HOLD|\n", "who talks"},
		{enter + connect + hold + hold, "on hold already"},
		{enter + connect + "13|c|support|1000|UNHOLD|1\n", "on hold already, or is not"},
		{enter + connect + hold + end, "is on hold"},
		{enter + connect + end + end, "had ended"},
		{enter + end, "talked to the caller"},
		{enter + connect + "15|c|support|1001|COMPLETEAGENT|2|3|3\n", "of agent 1001"},
		{enter + connect + "15|c|support|1000|COMPLETEAGENT|1|3|3\n", "a wait of"},
		{enter + connect + "15|c|support|1000|BLINDTRANSFER|2000|x|2|3|1\n", "place 1"},
		{enter + connect + "15|c|support|NONE|ABANDON|1|3|5\n", "of agent NONE"},
		{enter + "9|c|support|NONE|ABANDON|1|3|0\n", "the line before"},
		{enter + "11|c|support|1000|AGENTLOGIN|x\n", "no event of a call"},
	} {
		if _, wrong := logOf(t, c.text); len(wrong) != 1 || !strings.Contains(wrong[0], c.why) {
			t.Errorf("%s: found %q, want one about %q", c.text, wrong, c.why)
		}
	}
	if _, wrong := logOf(t, enter+connect+end); len(wrong) > 0 {
		t.Errorf("in what goes together it finds %q", wrong)
	}
}
