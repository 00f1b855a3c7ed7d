package store_test

import (
	"os"
	"strings"
	"testing"
)

// What the README tells people to type works, on a database with a call in it.
func TestReadme(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, o, address := owned(t)
	commit(t, o, enter(1, newCall(t), "1000"), enter(2, newCall(t), ""))
	conn, n := connect(t, address), 0
	for i, block := range strings.Split(string(text), "```sql\n") {
		sql, _, _ := strings.Cut(block, "```")
		if i == 0 || strings.Contains(sql, "GRANT") { // the role is the reader's own
			continue
		}
		for statement := range strings.SplitSeq(sql, ";\n") {
			if strings.TrimSpace(statement) != "" {
				exec(t, conn, statement)
				n++
			}
		}
	}
	if n != 7 {
		t.Errorf("%d statements tried, want 7", n)
	}
}
