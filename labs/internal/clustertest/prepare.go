package clustertest

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"distrolab/provision"
	"distrolab/provision/kubeadm"
)

// prepare writes what distrolab renders for a control plane and lets kubeadm
// make the rest of the certificates and the programs' kubeconfigs.
func (c *Cluster) prepare(ctx context.Context) error {
	if err := c.render(); err != nil {
		return err
	}
	if err := c.phase(ctx, "certs", "all"); err != nil {
		return err
	}
	if err := c.phase(ctx, "kubeconfig", "all", "--kubeconfig-dir", c.dir); err != nil {
		return err
	}
	for _, name := range []string{"super-admin.conf", "controller-manager.conf", "scheduler.conf"} {
		text, err := os.ReadFile(c.path(name))
		if err != nil {
			return err
		}
		here := strings.ReplaceAll(string(text), c.told, c.api)
		if err := os.WriteFile(c.path(name), []byte(here), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// render writes the CA, kubeadm's document and the audit policy as they reach a
// control plane's machine. Only the certificates' directory is another.
func (c *Cluster) render() error {
	authority, err := kubeadm.NewAuthority(time.Now(), rand.Reader)
	if err != nil {
		return err
	}
	c.authority = authority
	token, err := kubeadm.NewToken(rand.Reader)
	if err != nil {
		return err
	}
	plane := kubeadm.ControlPlane{
		Authority: authority, Endpoint: c.told, ExtraNames: []string{"127.0.0.1"},
		Kubernetes: Version, PodSubnet: "10.244.0.0/16", Token: token,
	}
	intent, err := plane.Extend(provision.Intent{Hostname: "control-plane"})
	if err != nil {
		return err
	}
	for target, source := range map[string]string{
		"pki/ca.crt": "ca.crt", "pki/ca.key": "ca.key", "audit.yaml": "audit-policy.yaml",
		"init.yaml": "kubeadm-init.yaml", "nodes.yaml": "kubeadm-init.yaml",
	} {
		text, err := content(intent, source)
		if err != nil {
			return err
		}
		if target == "init.yaml" {
			kind := "kind: ClusterConfiguration\n"
			text = strings.Replace(text, kind, kind+"certificatesDir: "+c.path("pki")+"\n", 1)
		}
		if err := os.MkdirAll(filepath.Dir(c.path(target)), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(c.path(target), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// content gives a file of the intent by the last part of its path.
func content(intent provision.Intent, name string) (string, error) {
	for _, f := range intent.Files {
		if path.Base(f.Path) == name {
			return f.Content, nil
		}
	}
	return "", fmt.Errorf("the control plane's intent has no file %s", name)
}

// phase runs one phase of kubeadm init.
func (c *Cluster) phase(ctx context.Context, name string, args ...string) error {
	return c.phaseOf(ctx, "init.yaml", name, args...)
}

// phaseOf runs one phase of kubeadm init with one of the documents.
func (c *Cluster) phaseOf(ctx context.Context, document, name string, args ...string) error {
	return c.run(ctx, "kubeadm", append(append([]string{"init", "phase", name}, args...), "--config", c.path(document))...)
}
