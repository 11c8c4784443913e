package lab

import (
	"testing"

	"distrolab/tui/screen"
)

func TestOpenedForANewLab(t *testing.T) {
	m := New(&screen.Shared{Marks: []string{"flatcar", "talos"}}, nil)
	m.Open(screen.NewLab)
	if m.form == nil || m.form.value(1) != "flatcar talos" {
		t.Errorf("no form for a new lab of the marked systems: %+v", m.form)
	}
}
