// Package cloudinit renders an Intent for cloud-init and its NoCloud source:
// user-data, meta-data and, when the network is fixed, network-config. It also
// reads such files when a person wrote them.
//
// A catalog entry's config.variant is what cloud-init calls the distribution
// (system_info.distro), its version that of cloud-init in the image. Only keys
// that cloud-init 22.4 knows are used, and nobody is let in by password. It is
// pure and may import provision, provision/linux and distros.
package cloudinit

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"distrolab/distros"
	"distrolab/provision"
	"distrolab/provision/internal/yamldoc"
	"distrolab/provision/linux"
)

// Format is the name of this format in catalog entries and Configs.
const Format = "cloud-init"

// The files of NoCloud, on a volume or below a URL.
const (
	userData      = "user-data"
	metaData      = "meta-data"
	vendorData    = "vendor-data"
	networkConfig = "network-config"
)

// Header is the first line of user-data; without it cloud-init ignores the rest.
const Header = "#cloud-config\n"

// work is one rendering.
type work struct {
	intent   provision.Intent
	target   provision.Target
	plan     linux.Plan
	network  networkPlan
	ntp      bool // cloud-init's own module sets the clock
	restarts []restart
	gaps     []provision.Gap
	secrets  []string
}

// Render writes the documents for intent, which must be valid.
func Render(intent provision.Intent, target provision.Target) (provision.Config, error) {
	if kind := target.Delivery.Kind; kind != distros.DeliverVolume && kind != distros.DeliverHTTP {
		return provision.Config{}, fmt.Errorf("rendering for cloud-init: it is given its config on a volume or by http, not by %q", kind)
	}
	w := &work{intent: intent, target: target}
	if err := w.make(); err != nil {
		return provision.Config{}, fmt.Errorf("rendering for cloud-init: %w", err)
	}
	docs, err := w.documents()
	if err != nil {
		return provision.Config{}, err
	}
	cfg := provision.Config{
		Format: Format, Documents: docs, Delivery: target.Delivery,
		Steps: w.steps(), Gaps: append(w.plan.Gaps, w.gaps...), Secrets: w.secrets,
	}
	if err := Validate(cfg); err != nil {
		return provision.Config{}, err
	}
	return cfg, nil
}

// make decides what carries out each part of the intent.
func (w *work) make() error {
	asked := w.intent
	if w.ntp = w.usesNTPModule(); w.ntp {
		asked.Time = provision.Time{}
	}
	plan, err := linux.Make(asked, w.target.Distro.Userland, linux.FetchByUnit)
	if err != nil {
		return err
	}
	w.plan = plan
	if !w.ntp && len(w.intent.Time.NTP) > 0 {
		w.restart(timeService(w.target.Distro.Userland.Time), "time")
	}
	if i := slices.IndexFunc(plan.Files, func(f linux.File) bool { return f.Path == linux.ContainerdPath }); i >= 0 {
		w.restart("containerd.service", plan.Files[i].Field)
	}
	w.planNetwork()
	for i := range w.intent.Users {
		if w.target.Distro.Userland.Privilege == "" {
			w.gap(fmt.Sprintf("users[%d].sudo", i), "it is not known how users of this system become root; the user is made without")
		}
	}
	if len(w.intent.Kernel.Args) > 0 {
		w.gap("kernel.args", "cloud-init runs after the kernel was started and does not edit the boot loader; build the arguments into the image")
	}
	return nil
}

func (w *work) gap(field, reason string) {
	w.gaps = append(w.gaps, provision.Gap{Field: field, Reason: reason})
}

// restart is a service that must read a file which was written for it.
type restart struct{ service, field string }

// restart lets a service read its file. Services are systemd's here; elsewhere
// the next boot reads it.
func (w *work) restart(service, field string) {
	if w.target.Distro.Userland.Init == "systemd" && service != "" {
		w.restarts = append(w.restarts, restart{service, field})
	}
}

// documents are the files that NoCloud reads. Over HTTP every file that it
// asks for is there, if need be empty: cloud-init tries an absent one ten
// times, a second apart (read_seeded in its util.py).
func (w *work) documents() ([]provision.Document, error) {
	body, err := yamldoc.Marshal(w.userData())
	if err != nil {
		return nil, fmt.Errorf("rendering %s: %w", userData, err)
	}
	docs := []provision.Document{{Name: userData, Content: Header + body}}
	overHTTP := w.target.Delivery.Kind == distros.DeliverHTTP
	if overHTTP {
		docs = append(docs, provision.Document{Name: vendorData})
	}
	switch {
	case w.network.version > 0:
		text, err := yamldoc.Marshal(w.network.document(w.intent.Network))
		if err != nil {
			return nil, fmt.Errorf("rendering %s: %w", networkConfig, err)
		}
		docs = append(docs, provision.Document{Name: networkConfig, Content: text})
	case overHTTP && w.fetchesNetwork():
		docs = append(docs, provision.Document{Name: networkConfig})
	}
	meta, err := yamldoc.Marshal(metaDataDocument(w.intent.Hostname, docs))
	if err != nil {
		return nil, fmt.Errorf("rendering %s: %w", metaData, err)
	}
	return append(docs, provision.Document{Name: metaData, Content: meta}), nil
}

// metaDataDocument names the instance by its config, so that cloud-init runs
// its first-boot steps again when, and only when, the config changed.
func metaDataDocument(hostname string, docs []provision.Document) yamldoc.Node {
	sum := sha256.New()
	for _, doc := range docs {
		fmt.Fprintf(sum, "%s %d\n%s", doc.Name, len(doc.Content), doc.Content)
	}
	return yamldoc.Map(
		yamldoc.Pair{Key: "instance-id", Value: yamldoc.Text("distrolab-" + hex.EncodeToString(sum.Sum(nil))[:16])},
		yamldoc.Pair{Key: "local-hostname", Value: yamldoc.Text(hostname)},
	)
}

// Validate checks the documents by the rules that [Check] has for a person's,
// of which not even a warning may remain, and by what distrolab promises: the
// files NoCloud needs are there and no password opens anything.
func Validate(cfg provision.Config) error {
	var problems []error
	seen := map[string]bool{}
	for _, doc := range cfg.Documents {
		seen[doc.Name] = true
		if doc.Content == "" && cfg.Delivery.Kind == distros.DeliverHTTP && (doc.Name == vendorData || doc.Name == networkConfig) {
			continue
		}
		problems = append(problems, validateDocument(doc)...)
	}
	for _, name := range []string{userData, metaData} {
		if !seen[name] {
			problems = append(problems, fmt.Errorf("%s: is missing", name))
		}
	}
	if err := errors.Join(problems...); err != nil {
		return fmt.Errorf("validating cloud-init config: %w", err)
	}
	return nil
}

func validateDocument(doc provision.Document) []error {
	var r *reader
	var root *yaml.Node
	switch doc.Name {
	case userData:
		if !strings.HasPrefix(doc.Content, Header) {
			return []error{fmt.Errorf("%s: the first line must be %s", doc.Name, strings.TrimSpace(Header))}
		}
		r, root = readCloudConfig(doc.Content)
	case metaData:
		r, root = readMetaData(doc.Content)
	case networkConfig:
		r, root = readNetwork(doc.Content)
	default:
		return []error{fmt.Errorf("%s: NoCloud reads no such file", doc.Name)}
	}
	var problems []error
	for _, f := range r.found {
		problems = append(problems, fmt.Errorf("%s, line %d: %s: %s", doc.Name, f.Line, f.Path, f.Message))
	}
	if root != nil {
		if err := promises(doc.Name, root); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", doc.Name, err))
		}
	}
	return problems
}
