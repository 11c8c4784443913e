package bench

import (
	"context"
	"strings"
	"time"

	"distrolab/labs/access"
	"distrolab/labs/observe"
	"distrolab/labs/results"
)

// askLimit bounds the questions to one guest, in time and in bytes.
const (
	askLimit = 60 * time.Second
	askBytes = 16 << 10
)

// question prints one value a line, each after its name and a tab. It uses what
// every shell has, and each part may fail.
const question = `t="$(printf '\t')"
say() { printf '%s\t%s\n' "$1" "$(head -n 1 | tr -d '\t\r' | cut -c 1-500)"; }
uname -r 2>/dev/null | say kernel
systemctl --version 2>/dev/null | cut -d ' ' -f 1,2 | say init
. /etc/os-release 2>/dev/null && echo "$PRETTY_NAME" | say os_release
systemd-analyze time 2>/dev/null | say systemd_analyze
{ systemctl show -p InitRDTimestampMonotonic -p UserspaceTimestampMonotonic -p FinishTimestampMonotonic
  systemctl show -p ActiveEnterTimestampMonotonic multi-user.target; } 2>/dev/null | tr '\n' ' ' | say systemd_stamps
systemctl --failed --no-legend --plain 2>/dev/null | cut -d ' ' -f 1 | tr '\n' ' ' | say failed_units
containerd --version 2>/dev/null | cut -d ' ' -f 1,3 | say containerd
cat /proc/cmdline | say cmdline`

// ask logs in, which is a milestone, and reads what explains the boot. A guest
// without a login gives nothing.
func (r *attempt) ask(ctx context.Context) *results.Guest {
	port := r.spec.Boot.ManagementPort
	if port != 22 || r.spec.User == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	begun := time.Now()
	conn, err := r.machine.Dial(ctx, uint16(port))
	if err != nil {
		return nil
	}
	client, err := access.Login(ctx, conn, r.spec.User, r.session.opt.Key)
	if err != nil {
		return nil
	}
	defer client.Close()
	if _, err := client.Run(ctx, "true", 0); err != nil {
		return nil
	}
	r.machine.Observer().Login(time.Now(), time.Since(begun))
	text, err := client.Run(ctx, question, askBytes)
	if err != nil && text == "" {
		return nil
	}
	return &results.Guest{Values: values(text), CollectedAfter: observe.BootComplete}
}

// values reads the lines of the question's answer. They come from the guest:
// other lines are not believed.
func values(text string) map[string]string {
	found := map[string]string{}
	for line := range strings.Lines(text) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), "\t")
		switch name {
		case "kernel", "init", "os_release", "systemd_analyze", "systemd_stamps", "failed_units", "containerd", "cmdline":
			if ok && value != "" {
				found[name] = strings.ToValidUTF8(value, "\uFFFD")
			}
		}
	}
	return found
}
