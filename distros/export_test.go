package distros_test

import (
	"encoding/csv"
	"strings"
	"testing"

	"distrolab/distros"
)

func TestMarkdownTable(t *testing.T) {
	c := distros.Comparison{Distros: []string{"a", "b"}, Titles: []string{"A | x", "B"}, Rows: []distros.Row{
		{Criterion: distros.Criterion{Key: "shell", Title: "Shell"}, Cells: []distros.Cell{{Value: "bash_it <b>"}, {Value: "none", Unconfirmed: true}}},
		{Criterion: distros.Criterion{Key: "shell", Title: "Shell"}, Cells: []distros.Cell{{}, {Value: "two\nlines"}}},
	}}
	want := `|  | A \| x | B |
|---|---|---|
| Shell | bash\_it &lt;b> | ? none |
|  |  | two lines |
`
	if got := c.Markdown(); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	for i, line := range strings.Split(strings.TrimSpace(distros.Compare(load(t).All(), day()).Markdown()), "\n") {
		if bars := strings.Count(strings.ReplaceAll(line, `\|`, ""), "|"); bars != len(load(t).All())+2 {
			t.Errorf("line %d has %d bars", i, bars)
		}
	}
}

func TestCSVHasEveryKnownCell(t *testing.T) {
	c := distros.Compare(load(t).All(), day())
	records, err := csv.NewReader(strings.NewReader(c.CSV())).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	known := 0
	for _, r := range c.Rows {
		for _, cell := range r.Cells {
			if cell.Value != "" {
				known++
			}
		}
	}
	if len(records)-1 != known {
		t.Errorf("%d records, want %d", len(records)-1, known)
	}
	if got := strings.Join(records[1][:4], ","); got != "What it is,kind,alpine," {
		t.Errorf("first record: %s", got)
	}
}
