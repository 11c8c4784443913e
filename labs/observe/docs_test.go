package observe

import (
	"os"
	"strings"
	"testing"
)

// TestDocsDescribeJoinsAsTheyAre: the tables of docs/output.md have every
// milestone and every phase.
func TestDocsDescribeJoinsAsTheyAre(t *testing.T) {
	text, err := os.ReadFile("../../docs/output.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, info := range JoinMilestones() {
		if want := "| " + info.ID + " | `" + string(info.Milestone) + "` |"; !strings.Contains(string(text), want) {
			t.Errorf("docs/output.md has no row that begins with %q", want)
		}
	}
	for _, p := range JoinPhaseTable(true) {
		if !strings.Contains(string(text), "| "+p.Name+" | ") {
			t.Errorf("docs/output.md does not describe the phase %q", p.Name)
		}
	}
	for _, s := range []Source{SourceAPI, SourceAudit, SourceClient, SourceNet, SourceProbe} {
		if !strings.Contains(string(text), "`"+string(s)+"` (") {
			t.Errorf("docs/output.md does not say what the source %q is", s)
		}
	}
}
