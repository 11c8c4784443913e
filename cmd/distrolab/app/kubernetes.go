package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"distrolab/distros/web"
	"distrolab/labs"
	"distrolab/labs/kubernetes"
	"distrolab/tui/chart"
)

func newKubernetes(a *application) *cobra.Command {
	cmd := &cobra.Command{
		Use: "kubernetes", Short: "Keep Kubernetes for clusters of labs", Args: unknownCommand,
		Long: `Kubernetes keeps bundles of Kubernetes: for one version each, the programs that a
node unpacks and the images that a cluster pulls. "up --cluster" and "bench join"
serve them inside the lab's network, so that nothing comes from the internet while
something is measured. docs/kubernetes.md says what a bundle is.`,
		Example: `  distrolab kubernetes list
  distrolab kubernetes import "$(scripts/kube/build --bundle)"
  distrolab kubernetes pull v1.36.1`,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newKubernetesList(a), newKubernetesImport(a), newKubernetesPull(a), newKubernetesRemove(a))
	return cmd
}

func (a *application) bundles() (*kubernetes.Store, error) {
	h, err := a.home()
	if err != nil {
		return nil, err
	}
	return kubernetes.OpenStore(h.Kubernetes())
}

// storedBundle is a bundle as JSON output shows it.
type storedBundle struct {
	kubernetes.Manifest
	Bytes int64  `json:"bytes"`
	Dir   string `json:"dir"`
}

func stored(list ...kubernetes.Bundle) []storedBundle {
	shown := []storedBundle{}
	for _, b := range list {
		shown = append(shown, storedBundle{b.Manifest, b.Bytes(), b.Dir()})
	}
	return shown
}

func newKubernetesList(a *application) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the bundles of Kubernetes", Args: none,
		Example: "  distrolab kubernetes list\n  distrolab kubernetes list -o json | jq -r '.[].images[].ref'",
		RunE: func(*cobra.Command, []string) error {
			store, err := a.bundles()
			if err != nil {
				return err
			}
			list, damaged := store.List()
			if a.json() {
				err = a.printJSON(stored(list...))
			} else if len(list) > 0 || damaged == nil {
				err = a.printBundles(store, list)
			}
			return errors.Join(err, damaged)
		},
	}
}

func (a *application) printBundles(store *kubernetes.Store, list []kubernetes.Bundle) error {
	if len(list) == 0 {
		text := "no Kubernetes yet: `distrolab kubernetes pull` fetches the newest release"
		if dir := a.builtBundle(""); dir != "" {
			text += ", and one was built here:\n  distrolab kubernetes import " + shellWord(dir)
		}
		_, err := fmt.Fprintln(a.world.Out, text)
		return err
	}
	columns := []chart.Column{{Title: "VERSION"}, {Title: "ARCH", Drop: 3}, {Title: "SIZE", Right: true},
		{Title: "IMAGES", Right: true, Drop: 2}, {Title: "ADDONS", Drop: 1}, {Title: "PROBE POD", Drop: 2}, {Title: "ORIGIN", Drop: 4}}
	var rows [][]string
	for _, b := range list {
		m := b.Manifest
		probe, addons := "yes", strings.Join(m.Addons, ", ")
		if m.Hello == "" {
			probe = "no"
		}
		if addons == "" {
			addons = "none"
		}
		rows = append(rows, []string{m.Version, m.Arch, bytes(b.Bytes()), strconv.Itoa(len(m.Images)), addons, probe, m.Origin})
	}
	if err := a.printTable(columns, rows); err != nil {
		return err
	}
	_, err := fmt.Fprintf(a.world.Out, "\nin %s\n", store.Dir())
	return err
}

func newKubernetesImport(a *application) *cobra.Command {
	return &cobra.Command{
		Use: "import DIR...", Short: "Store bundles of Kubernetes that you bring",
		Long: `Import copies bundles into the store and checks every digest on the way. A bundle
of a version that is there already takes its place.`,
		Example: `  distrolab kubernetes import "$(scripts/kube/build --bundle)"
  distrolab kubernetes import /media/stick/v1.36.1`,
		Args: minimum(1, "the directory of a bundle, which holds bundle.json"),
		RunE: func(cmd *cobra.Command, args []string) error {
			store, err := a.bundles()
			if err != nil {
				return err
			}
			var list []kubernetes.Bundle
			for _, dir := range args {
				b, err := a.importBundle(cmd.Context(), store, dir)
				if err != nil {
					return err
				}
				list = append(list, b)
			}
			return a.tellBundles(list)
		},
	}
}

func (a *application) importBundle(ctx context.Context, store *kubernetes.Store, dir string) (kubernetes.Bundle, error) {
	if _, err := os.Lstat(filepath.Join(dir, kubernetes.ManifestName)); errors.Is(err, fs.ErrNotExist) {
		hint := "`scripts/kube/build --bundle` makes one"
		if inside := filepath.Join(dir, "bundle"); isBundle(inside) {
			hint = "did you mean " + shellWord(inside) + "?"
		}
		return kubernetes.Bundle{}, usage(fmt.Errorf("%s is no bundle: it holds no %s; %s", dir, kubernetes.ManifestName, hint))
	}
	meter := newMeter(a, "kubernetes")
	b, err := store.Import(ctx, dir, meter.show)
	meter.end()
	return b, err
}

func (a *application) tellBundles(list []kubernetes.Bundle) error {
	if a.json() {
		return a.printJSON(stored(list...))
	}
	for _, b := range list {
		fmt.Fprintf(a.world.Out, "Kubernetes %s %s: %s, its digests were checked (%s)\n", b.Manifest.Version, b.Manifest.Arch, bytes(b.Bytes()), b.Manifest.Origin)
	}
	return nil
}

func newKubernetesPull(a *application) *cobra.Command {
	var release kubernetes.Release
	cmd := &cobra.Command{
		Use: "pull [VERSION]...", Short: "Fetch official releases of Kubernetes",
		Long: `Pull fetches official releases, without a version the newest: kubeadm and kubelet
from dl.k8s.io, the CNI plugins from their releases, each with its SHA-256, and
the images that this kubeadm says it wants, each checked by its digests. kubeadm
runs once on this machine to say so. No signature is checked: what is trusted is
HTTPS and those servers.

The bundle gets the probe pod, by which "bench join" sees a node's first pod, when
its program is there: beside distrolab, built by scripts/kube/build, or named.`,
		Example: `  distrolab kubernetes pull
  distrolab kubernetes pull v1.36.1 v1.35.4
  distrolab kubernetes pull 1.36.1 --site https://mirror.example/kubernetes`,
		RunE: func(cmd *cobra.Command, args []string) error { return a.pullKubernetes(cmd.Context(), args, release) },
	}
	cmd.Flags().StringVar(&release.Site, "site", "", "root of a mirror of https://dl.k8s.io")
	cmd.Flags().StringVar(&release.Plugins, "plugins", "", "address of the archive of CNI plugins, with a .sha256 beside it (default: that of v1.9.0)")
	cmd.Flags().StringVar(&release.Hello, "probe-pod", "", "`file` of the probe pod's program, built from labs/cluster/podhello")
	cmd.MarkFlagFilename("probe-pod")
	return cmd
}

func (a *application) pullKubernetes(ctx context.Context, versions []string, release kubernetes.Release) error {
	for i, v := range versions {
		if versions[i] = "v" + strings.TrimPrefix(v, "v"); kubernetes.CheckVersion(versions[i]) != nil {
			return usage(kubernetes.CheckVersion(v))
		}
	}
	if release.Hello == "" {
		release.Hello = a.probePod()
	} else if _, err := os.Stat(release.Hello); err != nil {
		return usage(fmt.Errorf("--probe-pod: %w", err))
	}
	store, err := a.bundles()
	if err != nil {
		return err
	}
	if len(versions) == 0 {
		newest, err := release.Newest(ctx)
		if err != nil {
			return unreachable(err)
		}
		versions = []string{newest}
	}
	var list []kubernetes.Bundle
	for _, v := range versions {
		meter := newMeter(a, "kubernetes "+v)
		b, err := store.Pull(ctx, v, release, meter.show)
		meter.end()
		if err != nil {
			return unreachable(err)
		}
		list = append(list, b)
	}
	if release.Hello == "" {
		fmt.Fprintln(a.world.Err, "the bundle has no probe pod, so joins will not show a node's first pod; --probe-pod names its program")
	}
	return a.tellBundles(list)
}

// unreachable marks servers that do not answer as a trouble of this machine.
func unreachable(err error) error {
	var silent *web.UnreachableError
	if errors.As(err, &silent) {
		return cannot(err)
	}
	return err
}

// probePod is the program of the probe pod, where it was built; "" elsewhere.
func (a *application) probePod() string {
	places := []string{filepath.Join(filepath.Dir(a.world.Executable), "podhello")}
	for _, dir := range a.builtDirectories() {
		places = append(places, filepath.Join(dir, "podhello"))
	}
	for _, p := range places {
		if info, err := os.Stat(p); err == nil && info.Mode().IsRegular() {
			return p
		}
	}
	return ""
}

// unusedKubernetes refuses to take a bundle from labs that serve it.
func (a *application) unusedKubernetes(ctx context.Context, version string) error {
	h, err := a.home()
	if err != nil {
		return err
	}
	all, err := labs.All(ctx, h)
	if err != nil {
		return err
	}
	for _, lab := range all {
		if lab.Running && lab.Cluster != nil && lab.Cluster.Kubernetes == version {
			return fmt.Errorf("lab %s serves Kubernetes %s to its machines; end it first with `distrolab down %s`", lab.Lab, version, lab.Lab)
		}
	}
	return nil
}

func newKubernetesRemove(a *application) *cobra.Command {
	return &cobra.Command{
		Use: "rm VERSION...", Short: "Remove bundles of Kubernetes",
		Example: "  distrolab kubernetes rm v1.35.4",
		Args:    minimum(1, "a version; `distrolab kubernetes list` shows them"), ValidArgsFunction: a.completeKubernetes,
		RunE: func(cmd *cobra.Command, args []string) error {
			store, err := a.bundles()
			if err != nil {
				return err
			}
			for _, v := range args {
				v = "v" + strings.TrimPrefix(v, "v")
				if err := kubernetes.CheckVersion(v); err != nil {
					return usage(err)
				}
				if err := a.unusedKubernetes(cmd.Context(), v); err != nil {
					return err
				}
				var missing *kubernetes.NotStoredError
				if err := store.Remove(v); errors.As(err, &missing) {
					return usage(fmt.Errorf("%w; `distrolab kubernetes list` shows what there is", err))
				} else if err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// noKubernetes says how to get the Kubernetes that a cluster needs: by the exact
// command where one was built here.
func (a *application) noKubernetes(missing *kubernetes.NotStoredError) error {
	if dir := a.builtBundle(missing.Version); dir != "" {
		return cannot(fmt.Errorf("%w, but it was built here: distrolab kubernetes import %s", missing, shellWord(dir)))
	}
	pull := strings.TrimSpace("distrolab kubernetes pull " + missing.Version)
	return cannot(fmt.Errorf("%w; `%s` fetches a release, and without network scripts/kube/build makes one", missing, pull))
}

// builtDirectories are where scripts/kube/build put what it built, the newest
// version first.
func (a *application) builtDirectories() []string {
	cache := a.world.Getenv("XDG_CACHE_HOME")
	if cache == "" {
		if a.world.Getenv("HOME") == "" {
			return nil
		}
		cache = filepath.Join(a.world.Getenv("HOME"), ".cache")
	}
	top := filepath.Join(cache, "distrolab", "kube")
	entries, err := os.ReadDir(top)
	if err != nil {
		return nil // nothing was built
	}
	slices.SortFunc(entries, func(x, y os.DirEntry) int { return kubernetes.CompareVersions(y.Name(), x.Name()) })
	var dirs []string
	for _, e := range entries {
		if kubernetes.CheckVersion(e.Name()) == nil {
			dirs = append(dirs, filepath.Join(top, e.Name()))
		}
	}
	return dirs
}

// builtBundle is the bundle of a version, or of the newest, that
// scripts/kube/build made; "" if there is none.
func (a *application) builtBundle(version string) string {
	for _, dir := range a.builtDirectories() {
		if bundle := filepath.Join(dir, "bundle"); isBundle(bundle) && (version == "" || filepath.Base(dir) == version) {
			return bundle
		}
	}
	return ""
}

func isBundle(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, kubernetes.ManifestName))
	return err == nil
}

// shellWord writes a path so that a shell reads it as one word.
func shellWord(path string) string {
	safe := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-+:@", r)
	}
	if path != "" && !strings.ContainsFunc(path, func(r rune) bool { return !safe(r) }) {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
