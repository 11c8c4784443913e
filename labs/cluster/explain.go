package cluster

import (
	"context"
	"fmt"
	"strings"
	"time"

	"distrolab/labs/access"
	"distrolab/labs/machine"
	"distrolab/labs/observe"
	"distrolab/provision"
)

const (
	explainLimit = 90 * time.Second // for the login and the answer; a guest in trouble is slow
	shownLines   = 8
)

// Explain says why a machine did not join: the sentence names the cause and
// shows the line of kubeadm or the kubelet that tells it, and says how far the
// join was by the cluster's API, which watch (nil: nobody watched) followed.
func Explain(ctx context.Context, m *machine.Machine, key access.Key, watch *Watch) string {
	text := explainNode(ctx, m, key, watch)
	if watch == nil {
		return text
	}
	return text + "; by the cluster's API, " + watch.State()
}

// explainNode looks where the cause shows itself: on the console, in the API,
// in the journal.
func explainNode(ctx context.Context, m *machine.Machine, key access.Key, watch *Watch) string {
	if faults := m.Observer().FaultLines(); len(faults) > 0 {
		return sentence(faults[len(faults)-1])
	}
	if watch != nil {
		if faults := watch.Faults(); len(faults) > 0 {
			return faults[len(faults)-1].Text
		}
	}
	ctx, cancel := context.WithTimeout(ctx, explainLimit)
	defer cancel()
	text, err := journal(ctx, m, key)
	if err != nil || text == "" {
		return m.Explain()
	}
	if faults := observe.DiagnoseJoin(text); len(faults) > 0 {
		return sentence(faults[len(faults)-1])
	}
	said := strings.Split(strings.TrimSpace(text), "\n")
	said = said[max(0, len(said)-shownLines):]
	return "its journal ends with:\n" + strings.ToValidUTF8(strings.Join(said, "\n"), "\uFFFD")
}

func sentence(f observe.FaultLine) string {
	return fmt.Sprintf("it says %q: %s", f.Line, f.Cause)
}

// journal is the end of what kubeadm and the kubelet wrote.
func journal(ctx context.Context, m *machine.Machine, key access.Key) (string, error) {
	if m.Spec().User == "" || m.Spec().Boot.ManagementPort != 22 {
		return "", nil
	}
	shell, err := tryLogin(ctx, m, key)
	if err != nil {
		return "", err
	}
	defer shell.Close()
	return shell.Run(ctx, fmt.Sprintf("sudo journalctl --no-pager -o cat -n %d -u kubelet -u %s", lines, provision.JoinUnit), maxLines)
}
