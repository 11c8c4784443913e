package app

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"distrolab/labs/doctor"
	"distrolab/labs/home"
)

func newDoctor(a *application) *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Say what this machine lacks for labs, and how to get it",
		Long: `Doctor looks at what labs need: QEMU, libvirt, an accelerator that really runs
guests, firmware, space. Each finding that is not in order comes with its fix.
The exit status is 4 when labs cannot run here.`,
		Example: "  distrolab doctor\n  distrolab doctor -o json | jq '.[] | select(.status!=\"ok\")'",
		Args:    none,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.runDoctor(cmd.Context()) },
	}
}

func (a *application) runDoctor(ctx context.Context) error {
	// The directories need not exist: whether they can be made is a finding.
	h, err := home.For(a.world.UID, a.world.Getenv)
	if err != nil {
		return cannot(err)
	}
	config := a.world.Getenv("XDG_CONFIG_HOME")
	if config == "" {
		config = filepath.Join(a.world.Getenv("HOME"), ".config")
	}
	findings := doctor.Run(ctx, doctor.System(doctor.Places{URI: a.uri(), DataDir: h.Data, RunDir: h.Run,
		XDGRuntimeDir: a.world.Getenv("XDG_RUNTIME_DIR"), ConfigHome: config, Log: a.log()}))
	if a.json() {
		err = a.printJSON(findings)
	} else {
		err = a.printFindings(findings)
	}
	if err == nil && doctor.Failed(findings) {
		return codeError{ExitCannot, errSilent}
	}
	return err
}

func (a *application) printFindings(findings []doctor.Finding) error {
	v := a.view()
	label := 0
	for _, f := range findings {
		label = max(label, len(f.Name))
	}
	var lines []string
	for _, f := range findings {
		mark, style := v.glyphs.Check, v.styles.OK
		switch f.Status {
		case doctor.Warn:
			mark, style = v.glyphs.Warn, v.styles.Warn
		case doctor.Fail:
			mark, style = v.glyphs.Cross, v.styles.Err
		}
		indent := strings.Repeat(" ", label+10)
		for i, part := range fold(v.glyphs.Clean(f.Detail), v.width-label-10) {
			head := indent
			if i == 0 {
				head = style.Render(fmt.Sprintf("%s %-4s", mark, f.Status)) + fmt.Sprintf("  %-*s  ", label, f.Name)
			}
			lines = append(lines, head+part)
		}
		for line := range strings.Lines(f.Fix) {
			for _, part := range fold(v.glyphs.Clean(strings.TrimSpace(line)), v.width-label-10) {
				lines = append(lines, indent+v.styles.Accent.Render(part))
			}
		}
	}
	return printLines(a.world.Out, lines)
}
