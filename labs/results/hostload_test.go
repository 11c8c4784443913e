package results_test

import (
	"io/fs"
	"os"
	"testing"

	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"distrolab/labs/results"
)

func stat(line string) fs.FS { return files(map[string]string{"proc/stat": line}) }

func TestLoadOfAHost(t *testing.T) {
	before, told := results.ReadLoad(stat("cpu  100 10 20 500 30 1 2 4 50 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n"))
	if want := (results.Load{All: 6670 * time.Millisecond, Busy: 1330 * time.Millisecond, Steal: 40 * time.Millisecond}); !told || before != want {
		t.Fatalf("got %+v, %v", before, told)
	}
	after, _ := results.ReadLoad(stat("cpu  200 10 20 560 30 1 2 44 50 0\n"))
	spent := after.Since(before)
	for name, test := range map[string]struct{ got, want *float64 }{
		"others":       {spent.Others(500 * time.Millisecond), new(0.25)},
		"only us":      {spent.Others(time.Second), new(0.0)},
		"more than us": {spent.Others(2 * time.Second), new(0.0)},
		"stolen":       {spent.Stolen(), new(0.2)},
		"too short":    {results.Load{All: 100 * time.Millisecond}.Stolen(), nil},
	} {
		if diff := cmp.Diff(test.want, test.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	for _, odd := range []string{"", "cpu 1 2 3\n", "cpu 1 2 3 4 5 6 7 x\n", "cpu 1 2 3 -4 5 6 7 8\n"} {
		if l, told := results.ReadLoad(stat(odd)); told {
			t.Errorf("%q: %+v", odd, l)
		}
	}
	if _, told := results.ReadLoad(os.DirFS("/")); !told {
		t.Error("this machine tells no load")
	}
}

func TestStorage(t *testing.T) {
	mounts := "26 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard\n40 1 8:1 / /srv rw shared:1 - xfs /dev/sda1 rw\n50 1 0:40 / /tmp rw - tmpfs tmpfs rw\nodd\n"
	root := files(map[string]string{
		"proc/self/mountinfo":                  mounts,
		"sys/dev/block/254:0/queue/rotational": "0\n",
		"sys/block/sda/sda1/partition":         "1\n",
		"sys/block/sda/queue/rotational":       "1\n",
	})
	for number, want := range map[[2]uint32]string{
		{254, 0}: "ext4 on /dev/vda, does not spin", {8, 1}: "xfs on /dev/sda1, spins", {0, 40}: "tmpfs on tmpfs", {9, 9}: "",
	} {
		if got := results.StorageOf(root, number[0], number[1]); got != want {
			t.Errorf("%v: %q, want %q", number, got, want)
		}
	}
	var here unix.Stat_t
	if err := unix.Stat("/", &here); err != nil {
		t.Fatal(err)
	}
	if got := results.StorageOf(os.DirFS("/"), unix.Major(here.Dev), unix.Minor(here.Dev)); got == "" {
		t.Log("the root of this machine is on a device that its mount table does not name") // overlays, btrfs
	}
}
