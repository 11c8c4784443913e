package results_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"distrolab/distros"
	"distrolab/labs/observe"
	"distrolab/labs/results"
)

// boot returns a finished run whose boot took the given time.
func boot(os string, block int, took time.Duration) results.Run {
	return results.Run{
		Schema: results.RunSchema, Session: "s1", RunID: fmt.Sprintf("%s-%d", os, block), Block: block, Pos: 1, Seed: 7,
		Phase: results.PhaseMeasure, Scenario: results.FirstBoot, Finish: observe.BootComplete,
		Subject: results.Subject{OS: os, Kind: distros.KindLocal, Version: "13", Arch: "amd64"},
		VM:      results.VM{VCPUs: 2, MemMiB: 1024, Firmware: "bios", Accel: "tcg", Machine: "q35"},
		Events: []observe.Event{
			{M: observe.Request, Q: observe.Exact, Source: observe.SourceRequest},
			{M: observe.VCPUStart, T: time.Second, Q: observe.AtMost, Source: observe.SourceQMP},
			{M: observe.KernelStart, T: 2 * time.Second, Q: observe.Estimate, Source: observe.SourceSerial},
			{M: observe.InitStart, T: 4 * time.Second, Q: observe.Exact, Source: observe.SourceSerial},
			{M: observe.BootComplete, T: time.Second + took, Q: observe.Exact, Source: observe.SourceSerial, Raw: "login:"},
		},
		Missing: []observe.Missing{{M: observe.ManagementByte, Why: "no port"}},
		Outcome: results.OutcomeOK,
	}
}

func create(t *testing.T) *results.Store {
	t.Helper()
	s, err := results.Create(filepath.Join(t.TempDir(), "s1"), results.Session{ID: "s1", Blocks: 10, Budget: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func appendAll(t *testing.T, s *results.Store, runs ...results.Run) {
	t.Helper()
	for _, r := range runs {
		if err := s.Append(r); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWhatIsAppendedIsRead(t *testing.T) {
	s := create(t)
	full := boot("debian", 1, 20*time.Second)
	full.Env = results.ReadEnvironment(files(workstation())).Seal()
	full.Clock = results.Clock{Canary: &results.Canary{P50: 50, P99: 240, Max: 900}, WallStart: time.Unix(1, 0).UTC()}
	full.Counters.SerialBytes = new(int64(0)) // measured as none, which is not the same as unknown
	full.Guest = &results.Guest{Values: map[string]string{"kernel": "6.12"}, CollectedAfter: observe.BootComplete}
	full.Files = []results.File{{Kind: "serial", Name: "x.log", SHA256: "ab", Bytes: 4}}
	full.Taints = []string{"the canary was late"}
	appendAll(t, s, full, boot("debian", 2, 21*time.Second))

	session, runs, warnings, err := results.Read(s.Dir())
	if err != nil || len(warnings) > 0 {
		t.Fatal(err, warnings)
	}
	if d := cmp.Diff(results.Session{Schema: results.SessionSchema, ID: "s1", Blocks: 10, Budget: time.Minute}, session); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]results.Run{full, boot("debian", 2, 21*time.Second)}, runs); d != "" {
		t.Error(d)
	}
}

func TestUnknownIsNullInTheFile(t *testing.T) {
	s := create(t)
	appendAll(t, s, boot("debian", 1, time.Second))
	data, err := os.ReadFile(filepath.Join(s.Dir(), results.RunsFile))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"frames":null`, `"load1":null`, `"cores":null`, `"canary_us":null`, `"resident_frac":null`, `"guest":null`, `"pin":null`, `"schema":"distrolab.run/1"`} {
		if !bytes.Contains(data, []byte(want)) {
			t.Errorf("%s is not in the line", want)
		}
	}
}

func TestASessionIsNeverReplaced(t *testing.T) {
	s := create(t)
	_, err := results.Create(s.Dir(), results.Session{ID: "other"})
	if err == nil || !strings.Contains(err.Error(), "choose another directory") {
		t.Errorf("error %v, want advice to choose another directory", err)
	}
	entries, err := os.ReadDir(s.Dir())
	if err != nil || len(entries) != 2 {
		t.Errorf("%v %v: the attempt left something behind", entries, err)
	}
}

func TestATornLineLosesNothingElse(t *testing.T) {
	s := create(t)
	appendAll(t, s, boot("debian", 1, time.Second))
	path := filepath.Join(s.Dir(), results.RunsFile)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(whole, whole[:len(whole)/2]...), 0o644); err != nil {
		t.Fatal(err)
	}

	_, runs, warnings, err := results.Read(s.Dir())
	if err != nil || len(runs) != 1 || len(warnings) != 1 || !strings.Contains(warnings[0], "line 2 was torn") {
		t.Fatalf("%d runs, warnings %q, error %v", len(runs), warnings, err)
	}

	again, err := results.Open(s.Dir())
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	appendAll(t, again, boot("debian", 2, time.Second))
	_, runs, warnings, err = results.Read(s.Dir())
	if err != nil || len(runs) != 2 || len(warnings) != 1 {
		t.Fatalf("after going on: %d runs, warnings %q, error %v", len(runs), warnings, err)
	}
}

func TestForeignLinesAreSkippedWithAReason(t *testing.T) {
	s := create(t)
	appendAll(t, s, boot("debian", 1, time.Second), boot("debian", 1, time.Second))
	f, err := os.OpenFile(filepath.Join(s.Dir(), results.RunsFile), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	event := `{"schema":"distrolab.run/1","session":"s1","run_id":"x%d","phase":"measure","scenario":"first_boot","outcome":"ok","subject":{"os":"d"},"events":[{"m":"boot_complete","t_ns":%d}]}`
	for _, line := range []string{
		`not json`, `[]`, `{"schema":"distrolab.run/9"}`, `{"schema":"distrolab.run/1","session":"other"}`,
		`{"schema":"distrolab.run/1","session":"s1","run_id":"a","phase":"party"}`,
		fmt.Sprintf(event, 1, int64(1)<<62), fmt.Sprintf(event, 2, -(int64(1) << 62)),
		`"` + strings.Repeat("x", 5<<20) + `"`, "", fmt.Sprintf(event, 3, 5),
	} {
		fmt.Fprintln(f, line)
	}
	f.Close()
	_, runs, warnings, err := results.Read(s.Dir())
	if err != nil || len(runs) != 2 || runs[1].RunID != "x3" {
		t.Fatalf("%d runs, error %v", len(runs), err)
	}
	if len(warnings) != 9 {
		t.Errorf("%d warnings, want 9: %q", len(warnings), warnings)
	}
	for _, w := range warnings {
		if len(w) > 300 {
			t.Errorf("a foreign line filled the warning: %.80s…", w)
		}
	}
}

func TestWhatCannotBeReadIsRefused(t *testing.T) {
	dir := t.TempDir()
	if _, _, _, err := results.Read(dir); err == nil || !strings.Contains(err.Error(), "name a directory") {
		t.Errorf("empty directory: %v", err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, results.SessionFile), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := results.Read(dir); err == nil || !strings.Contains(err.Error(), "regular file") {
		t.Errorf("FIFO: %v", err)
	}
	s := create(t)
	if err := s.Append(results.Run{}); err == nil {
		t.Error("a run without an identity was recorded")
	}
	huge := boot("debian", 1, time.Second)
	huge.Cause = strings.Repeat("x", 5<<20)
	if err := s.Append(huge); err == nil {
		t.Error("a run was recorded that cannot be read back")
	}
}

func TestConcurrentAppendsDoNotMix(t *testing.T) {
	s := create(t)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			if err := s.Append(boot("debian", i+1, time.Second)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	_, runs, warnings, err := results.Read(s.Dir())
	if err != nil || len(runs) != 20 || len(warnings) > 0 {
		t.Errorf("%d runs, warnings %q, error %v", len(runs), warnings, err)
	}
}

// TestAKilledProgramLosesNoFinishedRun starts this test binary as a writer,
// kills it, and counts what it had reported as written.
func TestAKilledProgramLosesNoFinishedRun(t *testing.T) {
	if dir := os.Getenv("RESULTS_WRITER"); dir != "" {
		s, err := results.Create(dir, results.Session{ID: "s1"})
		if err != nil {
			t.Fatal(err)
		}
		for block := 1; ; block++ {
			appendAll(t, s, boot("debian", block, time.Second))
			fmt.Println("written")
		}
	}
	dir := filepath.Join(t.TempDir(), "s1")
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), "RESULTS_WRITER="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	buf, said := make([]byte, 4096), 0
	for said < 25 {
		n, err := out.Read(buf)
		said += bytes.Count(buf[:n], []byte("written"))
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait() // reports the kill
	_, runs, warnings, err := results.Read(dir)
	if err != nil || len(runs) < said || len(warnings) > 1 {
		t.Errorf("%d runs of at least %d, warnings %q, error %v", len(runs), said, warnings, err)
	}
}
