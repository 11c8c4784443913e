package app

import (
	"context"
	"fmt"
	"runtime"
	"strings"

	"distrolab/labs"
	"distrolab/labs/home"
	"distrolab/tui"
)

// facts are what the app's header says of this machine. What takes long to find
// out, such as the accelerator, is told once it is known.
func facts(ctx context.Context, h home.Home) tui.Facts {
	f := tui.Facts{Host: fmt.Sprintf("%d cores", runtime.NumCPU())}
	if found, known := knownAccelerator(h); known {
		f.Host = strings.ToUpper(string(found.Kind)) + ", " + f.Host
	}
	all, err := labs.All(ctx, h)
	if err != nil {
		return f
	}
	for _, s := range all {
		switch {
		case !s.Running:
		case len(s.Machines) > 0:
			f.Running = append(f.Running, s.Lab)
		default: // a session of bench, which ends by itself
			f.Measuring = true
		}
	}
	return f
}
