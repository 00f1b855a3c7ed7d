package floorplan

import (
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
	"github.com/google/go-cmp/cmp"
)

func TestEveryKeyIsOnItsLine(t *testing.T) {
	// Each key ends in the number of its line; what looks like a key elsewhere does not count.
	text := strings.Join([]string{
		`k1 = "a # [x] = 1 \" ]" # k9 = 2`, // 1
		`k2 = """`,                         // 2
		`k9 = 1`,                           // 3
		`\"""[k9]\""""`,                    // 4
		`k5 = 'c:\' # '`,                   // 5
		`k6 = '''`,                         // 6
		`[k9]`,                             // 7
		`'''''`,                            // 8
		`k9.a9."b 9" = 1`,                  // 9
		"k10 = [ 1, # one\r",               // 10
		`  "], k9 = 2", [3,`,               // 11
		`  4], { k13 = 1 }, ]`,             // 12
		`k13 = { a13 = { b13 = [[1]], }, "c13" = 2 }`, // 13
		`[ t14 . "u 14" ]`,                            // 14
		`k15 = 1979-05-27T07:32:00Z`,                  // 15
		`[[l16]]`,                                     // 16
		`k17 = 1`,                                     // 17
		`[l16.s18]`,                                   // 18
		`k19 = -inf`,                                  // 19
		`[[l16]]`,                                     // 20
		`[l16.s21]`,                                   // 21
		`"k\u0032\u0032" = 1`,                         // 22
	}, "\n")
	want := map[string]int{
		"k1": 1, "k2": 2, "k5": 5, "k6": 6, "k9": 9, "k9/a9": 9, "k9/a9/b 9": 9, "k10": 10, "k10/#0": 10, "k10/#1": 11,
		"k10/#2": 11, "k10/#2/#0": 11, "k10/#2/#1": 12, "k10/#3": 12, "k10/#3/k13": 12, "k13": 13, "k13/a13": 13,
		"k13/a13/b13": 13, "k13/a13/b13/#0": 13, "k13/a13/b13/#0/#0": 13, "k13/c13": 13, "t14": 14, "t14/u 14": 14,
		"t14/u 14/k15": 15, "l16": 16, "l16/#0": 16, "l16/#0/k17": 17, "l16/#0/s18": 18, "l16/#0/s18/k19": 19, "l16/#1": 20,
		"l16/#1/s21": 21, "l16/#1/s21/k22": 22,
	}
	got := lines(text)
	for path, line := range got {
		shown := strings.ReplaceAll(strings.ReplaceAll(path, "\x00", "/"), "\x01", "#")
		if want[shown] != line {
			t.Errorf("%s on line %d, want %d", shown, line, want[shown])
		}
		delete(want, shown)
	}
	for path, line := range want {
		t.Errorf("%s on line %d was not found", path, line)
	}
	checkLines(t, text)
}

func TestLinesAreNamedAsPeopleWriteThem(t *testing.T) {
	got := Lines("[[switch]]\nname = \"\"\"a\n[no.table]\"\"\"\n[[switch]]\nurl = 'b'\n[queue.support]\nmembers = [\n  \"1000\"]\n")
	want := map[string]int{
		"switch": 1, "switch[0]": 1, "switch[0].name": 2, "switch[1]": 4, "switch[1].url": 5,
		"queue": 6, "queue.support": 6, "queue.support.members": 7, "queue.support.members[0]": 8,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// checkLines compares with what the library found: each value has a line, and the line is one of the text's.
func checkLines(t *testing.T, text string) {
	t.Helper()
	var values map[string]any
	if _, err := toml.Decode(text, &values); err != nil {
		return
	}
	at := lines(text)
	last := strings.Count(text, "\n") + 1
	var walk func(v any, path ...string)
	walk = func(v any, path ...string) {
		if line := at[place(path...)]; len(path) > 0 && (line < 1 || line > last) {
			t.Fatalf("%q is on line %d of %d in\n%s", path, line, last, text)
		}
		switch v := v.(type) {
		case map[string]any:
			for k, e := range v {
				walk(e, append(path[:len(path):len(path)], k)...)
			}
		case []any:
			for i := range v { // no deeper: the library joins tables of an array with other elements in ways of its own
				if line := at[place(append(path[:len(path):len(path)], element(i))...)]; line < 1 || line > last {
					t.Fatalf("element %d of %q is on line %d of %d in\n%s", i, path, line, last, text)
				}
			}
		}
	}
	walk(values)
}

func FuzzLines(f *testing.F) {
	f.Add(defaultPlan)
	f.Add("a = [[1,\n2], {b.'c' = \"\"\"x\n\"\"\"}]\n[[d]]\n[d.e]\n'f' = 1 # g")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) < 1<<12 {
			checkLines(t, text)
		}
	})
}
