package ivr_test

import (
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"ringside/ivr"
	"ringside/queueapp"
)

func TestArgs(t *testing.T) {
	for args, want := range map[string]ivr.Args{
		"ivr,main":       {Kind: ivr.KindMenu, Menu: "main"},
		"queue,support":  {Kind: ivr.KindQueue, Queue: "support"},
		"queue,support,": {Kind: ivr.KindQueue, Queue: "support"},
		"queue,support,code=1111,customer=7%2C8,priority=-3,timeout=90,keep=1,data.tier=gold,data.note=a%20b%2Cc%3Dd+e": {
			Kind: ivr.KindQueue, Queue: "support", Code: "1111", Customer: "7,8", Priority: -3, Timeout: 90 * time.Second, Keep: true,
			Data: []queueapp.Datum{{Key: "tier", Value: "gold"}, {Key: "note", Value: "a b,c=d+e"}},
		},
		"queue,support,record=no": {Kind: ivr.KindQueue, Queue: "support", Data: []queueapp.Datum{{Key: "record", Value: "no"}}},
		"queue,support,data.name=Ren%C3%A9%20%F0%9F%99%82": {
			Kind: ivr.KindQueue, Queue: "support", Data: []queueapp.Datum{{Key: "name", Value: "René 🙂"}},
		},
		"queue,support,data.name=%00a%0Ab%FF%E2%80%AEc": {
			Kind: ivr.KindQueue, Queue: "support", Data: []queueapp.Datum{{Key: "name", Value: "ab\ufffdc"}},
		},
		"transfer,2000":                       {Kind: ivr.KindTransfer},
		"agent,logon":                         {Kind: ivr.KindAgent, Command: ivr.Command{Verb: ivr.AgentLogOn}},
		"agent,pause,reason=12,queue=support": {Kind: ivr.KindAgent, Command: ivr.Command{Verb: ivr.AgentPause, Reason: "12", Queue: "support"}},
	} {
		got, err := ivr.ParseArgs(strings.Split(args, ","))
		if err != nil {
			t.Errorf("%s: %v", args, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s:\n%s", args, diff)
		}
	}
}

func TestBadArgsAreAllNamed(t *testing.T) {
	for args, want := range map[string]struct {
		kind     ivr.Kind
		problems []string
	}{
		"":              {"", []string{`"" is no kind of call`}},
		"support":       {"", []string{`"support" is no kind of call: write Stasis(<app>,ivr,<menu>)`}},
		"ivr":           {"", []string{`"" is no menu's name`}},
		"queue,a b":     {"", []string{`"a b" is no queue's name`}},
		"queue,a%2Fb":   {"", []string{`"a/b" is no queue's name`}},
		"agent,dance":   {"", []string{`"dance" is nothing that an agent can do: write logon, logoff, pause or ready`}},
		"ivr,main,x=1":  {ivr.KindMenu, []string{`"x" is no argument of ivr`}},
		"agent,ready,1": {ivr.KindAgent, []string{`"1" is no key=value`}},
		"queue,support,priority=high,timeout=-1,keep=yes,colour=red,code=1,code=2,data.=1,record=yes,data.a=100%": {ivr.KindQueue, []string{
			`priority="high" is no number from -1000000 to 1000000`, `timeout="-1" is no number from 0 to 86400`,
			`keep="yes" is no number from 0 to 1`, `"colour" is no argument of queue`, `"code" is given twice`, `"" is no datum's name`,
			`record="yes" is nothing that can be said here: write record=no`,
			`"100%" is not percent-encoded: use ${URIENCODE(…)}`,
		}},
		"queue,support" + strings.Repeat(",", 70): {ivr.KindQueue, []string{`72 arguments: the first 64 are used`}},
	} {
		var list []string
		if args != "" {
			list = strings.Split(args, ",")
		}
		got, err := ivr.ParseArgs(list)
		if err == nil {
			t.Errorf("%s: no error", args)
			continue
		}
		lines := strings.Split(err.Error(), "\n")
		if got.Kind != want.kind || len(lines) != len(want.problems) {
			t.Errorf("%s: kind %q, %d problems:\n%v", args, got.Kind, len(lines), err)
			continue
		}
		for i, p := range want.problems {
			if !strings.Contains(lines[i], p) {
				t.Errorf("%s:\n got %s\nwant %s", args, lines[i], p)
			}
		}
	}
}

func FuzzArgs(f *testing.F) {
	f.Add("queue,support,code=1111,priority=1,data.x=%20,data.%41=b")
	f.Add("ivr,main")
	f.Add("agent,pause,reason=%zz")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := ivr.ParseArgs(strings.Split(text, ","))
		if got.Kind == "" && err == nil {
			t.Fatal("neither a kind nor an error")
		}
		values := []string{got.Menu, string(got.Queue), got.Code, got.Customer, got.Command.Reason, string(got.Command.Queue)}
		for _, d := range got.Data {
			values = append(values, d.Key, d.Value)
		}
		for _, v := range values {
			if !utf8.ValidString(v) || utf8.RuneCountInString(v) > 200 || strings.ContainsFunc(v, unicode.IsControl) {
				t.Fatalf("%q came through", v)
			}
		}
		if got.Timeout < 0 || got.Timeout > 24*time.Hour || len(got.Data) > 64 {
			t.Fatalf("%#v", got)
		}
	})
}
