package labs_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"distrolab/labs"
)

func TestCheckName(t *testing.T) {
	for _, good := range []string{"a", "lab", "trial-2", "0", strings.Repeat("x", labs.MaxName)} {
		if err := labs.CheckName("lab", good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{"", "-", "a-", "-a", "A", "a b", "a/b", "..", "../x", `a"b`, "a\nb", "a\x00", "ä", "a.b", "a_b",
		strings.Repeat("x", labs.MaxName+1), strings.Repeat("x", 1<<20)} {
		err := labs.CheckName("lab", bad)
		if err == nil {
			t.Errorf("%.40q was taken", bad)
		} else if len(err.Error()) > 300 || strings.ContainsAny(err.Error(), "\n\x00") {
			t.Errorf("the error repeats the name as it is: %.400q", err.Error())
		}
	}
}

func TestMachineNames(t *testing.T) {
	got := labs.MachineNames([]string{"debian", "flatcar", "debian", "debian"})
	if diff := cmp.Diff([]string{"debian", "flatcar", "debian-2", "debian-3"}, got); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
}
