// Package kairos renders an Intent as the cloud-config of Kairos, which yip
// and not cloud-init reads, and checks such files against a model of its keys.
//
// Kairos starts as a live system, installs itself as the config says, and
// carries out the config's stages at each boot after it: its root is read-only
// and /etc is made anew each time. Rendering is pure; the package may import
// provision, provision/linux and distros.
package kairos

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"path"
	"slices"
	"strings"

	"distrolab/distros"
	"distrolab/provision"
	"distrolab/provision/internal/shape"
	"distrolab/provision/internal/yamldoc"
	"distrolab/provision/linux"
)

// Format is the name of this format in catalog entries and Configs.
const Format = "kairos"

// The names that Kairos looks for on a volume.
const (
	userData = "user-data"
	metaData = "meta-data"
)

// header tells yip that the file has cloud-config's keys as well.
const header = "#cloud-config\n"

// Render writes the document for intent, which must be valid.
func Render(intent provision.Intent, target provision.Target) (provision.Config, error) {
	w := &writer{intent: intent}
	if err := w.plan(target.Distro.Userland); err != nil {
		return provision.Config{}, fmt.Errorf("rendering the Kairos config: %w", err)
	}
	text, err := yamldoc.Marshal(w.document())
	if err != nil {
		return provision.Config{}, fmt.Errorf("rendering the Kairos config: %w", err)
	}
	cfg := provision.Config{
		Format:    Format,
		Documents: []provision.Document{{Name: cmp.Or(target.Delivery.File, userData), Content: header + text}},
		Delivery:  target.Delivery,
		Steps:     w.steps(),
		Gaps:      w.gaps,
		Secrets:   w.encoded,
	}
	if target.Delivery.Kind == distros.DeliverVolume {
		cfg.Documents = append(cfg.Documents, provision.Document{Name: metaData})
	}
	if err := Validate(cfg); err != nil {
		return provision.Config{}, err
	}
	return cfg, nil
}

// Validate checks the documents against the model of Kairos's keys.
func Validate(cfg provision.Config) error {
	main := 0
	for _, doc := range cfg.Documents {
		if doc.Name == metaData {
			continue
		}
		main++
		if err := shape.Errors(check(doc.Content)); err != nil {
			return fmt.Errorf("validating Kairos config %s: %w", doc.Name, err)
		}
	}
	if main != 1 {
		return fmt.Errorf("validating Kairos config: it is one cloud-config, this has %d", main)
	}
	return nil
}

// Check reads a cloud-config that a person wrote.
func Check(name, text string, _ provision.Target) []provision.Finding {
	if found := shape.TooLarge(text); found != nil {
		return found
	}
	if path.Base(name) == metaData {
		return nil // Kairos does not read what is in it
	}
	return check(text)
}

func check(text string) []provision.Finding {
	found := shape.Check(text, model())
	if first, _, _ := strings.Cut(text, "\n"); strings.TrimSpace(first) != strings.TrimSpace(header) {
		found = append(found, shape.Error(1, 1, "", "the first line must be #cloud-config"))
	}
	return found
}

// writer collects what goes into the document.
type writer struct {
	intent  provision.Intent
	files   []linux.File
	units   []linux.Unit
	planned linux.Plan
	sysctl  map[string]string
	gaps    []provision.Gap
	encoded []string // base64 texts that hold a secret
}

func (w *writer) gap(field, reason string) {
	w.gaps = append(w.gaps, provision.Gap{Field: field, Reason: reason})
}

// plan asks linux for what is files and units; modules and settings have words
// of their own here, and a join is not kubeadm's.
func (w *writer) plan(u distros.Userland) error {
	ordinary := w.intent
	ordinary.Kernel, ordinary.Node, ordinary.Join = provision.Kernel{}, nil, nil
	plan, err := linux.Make(ordinary, u, linux.FetchByNobody)
	if err != nil {
		return err
	}
	network := plan.Network(w.intent.Network, u.Network)
	w.gaps = append(w.gaps, plan.Gaps...)
	w.units = plan.Units
	for _, f := range append(network, plan.Files...) {
		switch {
		case !writable(f.Path):
			w.gap(f.Field, f.Path+" is on the read-only root of Kairos; put it below /etc, /home, /opt, /root, /srv, /usr/local or /var")
		case templated(f.Path) && templated(f.Content):
			w.gap(f.Field, "the path means something to yip's templates, and so does the content; rename the file")
		default:
			w.files = append(w.files, f)
		}
	}
	plan.Files = w.files
	w.planned = plan
	w.kernel()
	w.elsewhere()
	return nil
}

// writable reports whether Kairos can write there (kairos-io/kairos-docs,
// docs/architecture/immutable.md).
func writable(name string) bool {
	for _, place := range []string{"/etc/", "/home/", "/opt/", "/root/", "/srv/", "/usr/local/", "/usr/libexec/", "/var/"} {
		if strings.HasPrefix(name, place) {
			return true
		}
	}
	return false
}

// kernel sorts out settings whose names yip would misread: it takes every dot
// for a slash.
func (w *writer) kernel() {
	w.sysctl = map[string]string{}
	for key, value := range w.intent.Kernel.Sysctl {
		if strings.Contains(key, "/") && strings.Contains(key, ".") {
			w.gap("kernel.sysctl["+key+"]", "yip takes each dot of the name for a slash; write it in a file below /etc/sysctl.d")
			continue
		}
		w.sysctl[strings.ReplaceAll(key, "/", ".")] = value
	}
	slices.SortFunc(w.gaps, func(a, b provision.Gap) int {
		if strings.HasPrefix(a.Field, "kernel.sysctl[") && strings.HasPrefix(b.Field, "kernel.sysctl[") {
			return strings.Compare(a.Field, b.Field)
		}
		return 0
	})
}

// elsewhere names what Kairos does in its own way or not at all.
func (w *writer) elsewhere() {
	if len(w.intent.Packages) > 0 {
		w.gap("packages", "the root is read-only; build an image with the packages, or bring a system extension")
	}
	if len(strings.Join(w.intent.Kernel.Args, " ")) > maxArgs {
		w.gap("kernel.args", fmt.Sprintf("GRUB's environment block has 1024 bytes; at most %d are for arguments", maxArgs))
	}
	if w.intent.Node != nil {
		w.gap("node", "Kairos brings k3s or k0s in its standard images, which are nodes of their own; build an image with kubeadm")
	}
	if w.intent.Join != nil {
		w.gap("join", "Kairos has no kubeadm: its standard images bring k3s or k0s, which join their own clusters by the keys k3s-agent and k0s-worker")
	}
}

// maxArgs is what of GRUB's environment block, 1024 bytes, is left to us.
const maxArgs = 768

// templated reports whether yip's templates (html/template) could write the
// text otherwise than it is: they look at {{ and at HTML's tags and comments.
func templated(text string) bool { return strings.Contains(text, "{{") || strings.Contains(text, "<") }

// encode is base64, which is noted where it hides a secret.
func (w *writer) encode(content string) string {
	text := base64.StdEncoding.EncodeToString([]byte(content))
	for _, secret := range w.intent.Secrets() {
		if strings.Contains(content, secret) {
			w.encoded = append(w.encoded, text)
		}
	}
	return text
}
