package app

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"distrolab/distros"
	"distrolab/labs"
	"distrolab/labs/access"
	"distrolab/labs/cluster"
	"distrolab/labs/home"
	"distrolab/labs/hypervisor"
	"distrolab/labs/kubernetes"
	"distrolab/labs/machine"
	"distrolab/provision"
	"distrolab/provision/kubeadm"
)

// clusterOptions say which cluster machines join.
type clusterOptions struct {
	controlPlane string // system that distrolab makes one of
	memoryMiB    int    // of that machine
	kubernetes   string // version
	endpoint     string // of one that exists
	token, ca    string // files
	kubeconfig   string // file
	deadline     time.Duration
}

// The hardware of a control plane. kubeadm refuses less than 2 processors and
// 1700 MiB; under TCG the API server needs more to answer in time.
const (
	controlVCPUs     = 2
	controlMemoryMiB = 3072
	defaultControl   = "debian-local"
)

// The networks of pods and, by kubeadm's default, of services. A node's range is
// that of its place in the lab.
const podSubnet = "10.244.0.0/16"

func podRange(index int) string { return fmt.Sprintf("10.244.%d.0/24", index+10) }

// clusterFlags are what up and bench join share.
func (a *application) clusterFlags(cmd *cobra.Command, o *clusterOptions) {
	f := cmd.Flags()
	f.StringVar(&o.controlPlane, "control-plane", defaultControl, "system that the control plane is made of, by kubeadm")
	f.IntVar(&o.memoryMiB, "control-plane-memory", controlMemoryMiB, "its memory in MiB; kubeadm wants 1700 that the kernel leaves free")
	f.StringVar(&o.kubernetes, "kubernetes", "", "version of Kubernetes (default: the newest that \"distrolab kubernetes list\" has)")
	f.StringVar(&o.endpoint, "endpoint", "", "HOST:PORT of a control plane that exists; needs --token and --ca, or --kubeconfig")
	f.StringVar(&o.token, "token", "", "file with a bootstrap token of that control plane (- is standard input)")
	f.StringVar(&o.ca, "ca", "", "file with that control plane's CA certificate, PEM")
	f.StringVar(&o.kubeconfig, "kubeconfig", "", "file by which to be that control plane's administrator: gives the endpoint, the CA and a token, and lets distrolab watch")
	cmd.RegisterFlagCompletionFunc("control-plane", a.completeDistros)
	cmd.RegisterFlagCompletionFunc("kubernetes", a.completeKubernetes)
	for _, flag := range []string{"endpoint", "kubeconfig"} {
		cmd.MarkFlagsMutuallyExclusive("control-plane", flag)
		cmd.MarkFlagsMutuallyExclusive("control-plane-memory", flag)
	}
	cmd.MarkFlagsRequiredTogether("token", "ca")
}

// outside says whether the control plane exists already.
func (o clusterOptions) outside() bool { return o.endpoint != "" || o.kubeconfig != "" }

// plannedCluster is the cluster of a lab or a session, and by what a machine
// joins it.
type plannedCluster struct {
	labs.ClusterSpec
	ca     string // PEM
	bundle kubernetes.Bundle
}

// planCluster finds everything that the cluster is made of. Nothing runs yet.
func (a *application) planCluster(ctx context.Context, h home.Home, o clusterOptions, accelerator hypervisor.AcceleratorKind) (plannedCluster, error) {
	bundle, err := a.kubernetesBundle(h, o.kubernetes)
	if err != nil {
		return plannedCluster{}, err
	}
	p := plannedCluster{bundle: bundle, ClusterSpec: labs.ClusterSpec{
		Kubernetes: bundle.Manifest.Version, Bundle: bundle.Dir(), Deadline: o.deadline}}
	if p.Deadline <= 0 {
		p.Deadline = cluster.DefaultDeadline(accelerator)
	}
	if o.outside() {
		return p, a.planOutside(&p, o)
	}
	token, err := kubeadm.NewToken(rand.Reader)
	if err != nil {
		return plannedCluster{}, err
	}
	p.Token = token.Reveal()
	recipe, err := a.controlPlane(ctx, h, o, bundle, accelerator)
	if err != nil {
		return plannedCluster{}, err
	}
	p.Recipe, p.ca = &recipe, recipe.CA
	return p, nil
}

// kubernetesBundle finds the bundle of a version, or the newest.
func (a *application) kubernetesBundle(h home.Home, version string) (kubernetes.Bundle, error) {
	store, err := kubernetes.OpenStore(h.Kubernetes())
	if err != nil {
		return kubernetes.Bundle{}, err
	}
	var bundle kubernetes.Bundle
	if version == "" {
		bundle, err = store.Newest()
	} else {
		bundle, err = store.Get(version)
	}
	var missing *kubernetes.NotStoredError
	if errors.As(err, &missing) {
		return bundle, a.noKubernetes(missing)
	}
	return bundle, err
}

// controlPlane is the recipe of the control plane: that of a saved one with all
// its keys, or a new one.
func (a *application) controlPlane(ctx context.Context, h home.Home, o clusterOptions, bundle kubernetes.Bundle, accelerator hypervisor.AcceleratorKind) (cluster.Recipe, error) {
	systems, err := a.find([]string{o.controlPlane})
	if err != nil {
		return cluster.Recipe{}, err
	}
	d := systems[0]
	if o.memoryMiB < 256 || o.memoryMiB > 1<<20 {
		return cluster.Recipe{}, usage(fmt.Errorf("--control-plane-memory %d: give MiB, such as %d", o.memoryMiB, controlMemoryMiB))
	}
	if way, why := d.Joins(); way != distros.JoinsByKubeadm {
		return cluster.Recipe{}, usage(fmt.Errorf("%s cannot be a control plane made by kubeadm: %s", d.Name, why))
	}
	key, err := access.NewKey("distrolab-control-plane")
	if err != nil {
		return cluster.Recipe{}, err
	}
	authority, err := kubeadm.NewAuthority(a.world.Now(), rand.Reader)
	if err != nil {
		return cluster.Recipe{}, err
	}
	token, err := kubeadm.NewToken(rand.Reader)
	if err != nil {
		return cluster.Recipe{}, err
	}
	intent := withKey(defaultIntent(labs.ControlPlaneName, d.Boot.User, key.Authorized), d, key.Authorized)
	intent, err = kubeadm.ControlPlane{
		Authority: authority, Endpoint: cluster.Endpoint().String(),
		ExtraNames: []string{"127.0.0.1", "localhost", labs.ControlPlaneName, labs.ControlPlaneName + ".lab"},
		Kubernetes: bundle.Manifest.Version, PodSubnet: podSubnet, Token: token, Bundle: nodeBundle(bundle),
		Pods: "10.244.0.0/24", Mirrors: mirrors(), Addons: bundle.Manifest.Addons,
	}.Extend(intent)
	if err != nil {
		return cluster.Recipe{}, err
	}
	spec, err := a.controlMachine(ctx, d, intent, o.memoryMiB)
	if err != nil {
		return cluster.Recipe{}, err
	}
	host, err := a.hostID(ctx, accelerator)
	if err != nil {
		return cluster.Recipe{}, err
	}
	recipe := cluster.Recipe{Created: a.world.Now(), Machine: spec, Key: key.Private, CA: authority.Certificate, CAKey: authority.Key.Reveal(),
		Kubernetes: bundle.Manifest.Version, Bundle: bundleID(bundle), Host: host}
	saved, found, err := cluster.Store{Directory: h.ControlPlanes()}.Find(recipe.ID())
	if err == nil && found {
		return saved, nil
	}
	return recipe, err
}

// controlMachine is the machine of the control plane.
func (a *application) controlMachine(ctx context.Context, d distros.Distro, intent provision.Intent, memoryMiB int) (machine.Spec, error) {
	r, err := a.rendition(intent, d, choice{})
	if err != nil {
		return machine.Spec{}, err
	}
	store, err := a.store()
	if err != nil {
		return machine.Spec{}, err
	}
	img, cfg, err := a.equip(ctx, store, plannedMachine{name: labs.ControlPlaneName, rendition: r}, planOptions{})
	if err != nil {
		return machine.Spec{}, err
	}
	spec, err := machine.Assemble(labs.ControlPlaneName, d, img, cfg, machine.Wishes{VCPUs: controlVCPUs, MemoryMiB: memoryMiB}, 0)
	if err != nil {
		return machine.Spec{}, usage(err)
	}
	spec.Address = cluster.Address()
	return spec, nil
}

// hostID is what a saved state depends on: it is QEMU's own.
func (a *application) hostID(ctx context.Context, accelerator hypervisor.AcceleratorKind) (string, error) {
	connection, err := a.connection(ctx, a.libvirtURI())
	if err != nil {
		return "", err
	}
	defer connection.Close()
	host, err := connection.Host(ctx)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("QEMU %s, %s", host.QEMU, accelerator), nil
}

// bundleID is a digest of all that a bundle holds.
func bundleID(b kubernetes.Bundle) string {
	data, err := json.Marshal(b.Manifest)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func nodeBundle(b kubernetes.Bundle) *provision.NodeBundle {
	return &provision.NodeBundle{URL: cluster.NodeArchiveURL(), SHA256: b.Manifest.Node.SHA256}
}

// mirrors lead to the lab's registry, which has every image of the bundle.
func mirrors() map[string][]string {
	return map[string][]string{"registry.k8s.io": {cluster.RegistryURL()}, "distrolab.local": {cluster.RegistryURL()}}
}

// planOutside reads how to reach a control plane that exists.
func (a *application) planOutside(p *plannedCluster, o clusterOptions) error {
	p.External = &labs.ExternalCluster{Endpoint: o.endpoint}
	if o.kubeconfig != "" {
		data, err := a.readFile(o.kubeconfig, maxSecretsFile)
		if err != nil {
			return err
		}
		if err := useKubeconfig(p, data); err != nil {
			return usage(fmt.Errorf("--kubeconfig %s: %w", fileName(o.kubeconfig), err))
		}
	}
	if o.token == "" && o.kubeconfig == "" {
		return usage(errors.New("--endpoint needs --token and --ca, or --kubeconfig"))
	}
	if o.token != "" {
		token, err := a.readFile(o.token, 1024)
		if err != nil {
			return err
		}
		ca, err := a.readFile(o.ca, 1<<20)
		if err != nil {
			return err
		}
		p.Token, p.ca = trimmed(token), string(ca)
		return nil
	}
	token, err := kubeadm.NewToken(rand.Reader)
	p.Token = token.Reveal()
	return err
}

// useKubeconfig takes endpoint and CA from an administrator's file.
func useKubeconfig(p *plannedCluster, data []byte) error {
	access, err := cluster.ReadKubeconfig(data)
	if err != nil && (p.External.Endpoint == "" || access.CA == "") {
		return err
	}
	p.ca, p.External.Kubeconfig = access.CA, data
	if p.External.Endpoint == "" {
		p.External.Endpoint = access.Endpoint
	}
	return nil
}

// join makes a machine a worker. index is its place among the machines.
func (p plannedCluster) join(intent provision.Intent, d distros.Distro, index int, manual bool) (provision.Intent, error) {
	way, why := d.Joins()
	if !way.Applicable() {
		return intent, usage(fmt.Errorf("%s cannot join a cluster of kubeadm: %s", d.Name, why))
	}
	if intent.Join != nil {
		return intent, usage(errors.New("the intent has a join of its own; leave it out, the lab's cluster is joined"))
	}
	endpoint := cluster.Endpoint().String()
	if p.External != nil {
		endpoint = p.External.Endpoint
	}
	intent.Join = &provision.Join{Endpoint: endpoint, Token: p.Revealed(), CA: p.ca, Kubernetes: p.Kubernetes, Manual: manual}
	if way == distros.JoinsByKubeadm {
		intent.Join.Bundle, intent.Join.Pods = nodeBundle(p.bundle), podRange(index)
	}
	all := mirrors()
	for host, urls := range intent.Registries.Mirrors {
		all[host] = urls
	}
	intent.Registries.Mirrors = all
	return intent, nil
}

// completeKubernetes completes versions in the store.
func (a *application) completeKubernetes(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	h, err := home.For(a.world.UID, a.world.Getenv)
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	store, err := kubernetes.OpenStore(h.Kubernetes())
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	versions, err := store.Versions()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	return versions, cobra.ShellCompDirectiveNoFileComp
}
