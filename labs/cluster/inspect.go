package cluster

import (
	"context"
	"fmt"
	"strings"

	"distrolab/labs/access"
	"distrolab/provision/kubeadm"
)

// maxAudit bounds what is read of the audit log for one node, in bytes. A join
// writes some hundred lines of half a kilobyte.
const maxAudit = 8 << 20

// Audit reads what the API server wrote down of one node's join: the events of
// the node, its lease, its probe pod, and its certificate request of that name.
func (c *ControlPlane) Audit(ctx context.Context, node, request string) ([]AuditEvent, error) {
	key, err := access.ParseKey(c.Recipe.Key)
	if err != nil {
		return nil, err
	}
	shell, err := tryLogin(ctx, c.Machine, key)
	if err != nil {
		return nil, fmt.Errorf("reading the audit log: %w", err)
	}
	defer shell.Close()
	if err := checkNode(node); err != nil { // it goes into a command
		return nil, fmt.Errorf("reading the audit log: %w", err)
	}
	words := "-e certificatesigningrequests -e '" + node + "'"
	if request != "" && checkNode(request) == nil {
		words += " -e '" + request + "'"
	}
	text, err := shell.Run(ctx, "sudo grep -hF "+words+" "+kubeadm.AuditLog+" || true", maxAudit)
	if err != nil {
		return nil, fmt.Errorf("reading the audit log: %w", err)
	}
	return ReadAudit(strings.NewReader(text), node)
}
