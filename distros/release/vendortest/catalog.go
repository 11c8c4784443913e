package vendortest

import (
	"fmt"
	"strings"

	"distrolab/distros"
)

// directory is a vendor with a plain directory of images and a list of
// digests; {arch} stands for the vendor's name of the architecture.
type directory struct {
	root    string
	list    string
	line    string            // of the list, with the verbs %[1]s name, %[2]s digest, %[3]d size
	images  map[string]string // by architecture
	others  []string          // in the same list
	version string
}

// Styles of lines in lists.
const (
	gnuText   = "%[2]s  %[1]s\n"
	gnuBinary = "%[2]s *%[1]s\n"
	bsd       = "# %[1]s: %[3]d bytes\nSHA256 (%[1]s) = %[2]s\n"
	tagged    = "sha256: %[2]s  %[1]s\n"
)

func both(pattern string) map[string]string {
	return map[string]string{"amd64": strings.ReplaceAll(pattern, "{arch}", "x86_64"), "arm64": strings.ReplaceAll(pattern, "{arch}", "aarch64")}
}

// directories are the catalog's systems with resolver checksums.
func directories() map[string]directory {
	return map[string]directory{
		"centos-7": {
			root: "https://cloud.centos.org/centos/7/images/", list: "sha256sum.txt", line: gnuText, version: "2211",
			images: both("CentOS-7-{arch}-GenericCloud-2211.qcow2"),
			others: []string{"CentOS-7-x86_64-GenericCloud-2009.qcow2", "CentOS-7-x86_64-GenericCloud.qcow2", "CentOS-7-x86_64-GenericCloud-2211.qcow2c"},
		},
		"centos-stream-9": {
			root: "https://cloud.centos.org/centos/9-stream/{arch}/images/", list: "CHECKSUM", line: bsd, version: "20260720.0",
			images: both("CentOS-Stream-GenericCloud-9-20260720.0.{arch}.qcow2"),
			others: []string{"CentOS-Stream-GenericCloud-9-20260101.0.x86_64.qcow2", "CentOS-Stream-GenericCloud-9-latest.x86_64.qcow2", "CentOS-Stream-GenericCloud-x86_64-9-20260721.0.x86_64.qcow2"},
		},
		"centos-stream-10": {
			root: "https://cloud.centos.org/centos/10-stream/{arch}/images/", list: "CHECKSUM", line: bsd, version: "20260720.0",
			images: both("CentOS-Stream-GenericCloud-10-20260720.0.{arch}.qcow2"),
			others: []string{"CentOS-Stream-Container-Base-10-20260720.0.x86_64.tar.xz"},
		},
		"rocky-9": {
			root: "https://dl.rockylinux.org/pub/rocky/9/images/{arch}/", list: "CHECKSUM", line: bsd + bsd, version: "9.8-20260525.0",
			images: both("Rocky-9-GenericCloud-Base-9.8-20260525.0.{arch}.qcow2"), others: []string{"Rocky-9-GenericCloud-Base.latest.x86_64.qcow2"},
		},
		"rocky-10": {
			root: "https://dl.rockylinux.org/pub/rocky/10/images/{arch}/", list: "CHECKSUM", line: bsd + bsd, version: "10.2-20260525.0",
			images: both("Rocky-10-GenericCloud-Base-10.2-20260525.0.{arch}.qcow2"), others: []string{"Rocky-10-GenericCloud-Base.latest.x86_64.qcow2"},
		},
		"leap-micro": {
			root: "https://download.opensuse.org/distribution/leap-micro/6.2/appliances/", list: "openSUSE-Leap-Micro.{arch}-Default-qcow.qcow2.sha256",
			line: gnuText, version: "6.2-Default-qcow-Build12.9", images: both("openSUSE-Leap-Micro.{arch}-6.2-Default-qcow-Build12.9.qcow2"),
		},
		"microos": {
			root: "https://download.opensuse.org/tumbleweed/appliances/", list: "{file}.sha256", line: gnuText, version: "20261107",
			images: map[string]string{"amd64": "openSUSE-MicroOS.x86_64-16.0.0-ContainerHost-kvm-and-xen-Snapshot20261107.qcow2"},
			others: []string{"openSUSE-MicroOS.x86_64-16.0.0-ContainerHost-kvm-and-xen-Snapshot20261031.qcow2", "openSUSE-MicroOS.x86_64-ContainerHost-kvm-and-xen.qcow2"},
		},
		"amazon-linux-2023": {
			root: "https://cdn.amazonlinux.com/al2023/os-images/latest/kvm{arm}/", list: "SHA256SUMS", line: gnuText, version: "2023.12.20260817.0",
			images: map[string]string{
				"amd64": "al2023-kvm-2023.12.20260817.0-kernel-6.1-x86_64.xfs.gpt.qcow2", "arm64": "al2023-kvm-2023.12.20260817.0-kernel-6.1-arm64.xfs.gpt.qcow2",
			},
			others: []string{"al2023-kvm-2023.12.20260817.0-kernel-6.12-x86_64.xfs.gpt.qcow2"},
		},
		"alt": {
			root: "https://download.basealt.ru/pub/distributions/ALTLinux/images/p11/cloud/{arch}/", list: "SHA256SUM", line: gnuBinary,
			images: map[string]string{"amd64": "alt-p11-cloud-x86_64.qcow2"}, others: []string{"alt-p11-rootfs-systemd-x86_64.tar.xz"},
		},
	}
}

// Serve publishes a release of a catalog entry; false if its vendor is not
// imitated, or not for that architecture.
func (w *World) Serve(d distros.Distro, arch string) (Site, bool) {
	w.t.Helper()
	o, channel := d.Release.Options, d.Release.Channel
	switch d.Release.Resolver {
	case "flatcar":
		return w.Flatcar(channel, arch, "4999.2.5"), true
	case "fcos":
		return w.FCOS(channel, arch, "44.20261107.3.1"), true
	case "debian":
		return w.Debian(channel, o["release"], o["variant"], arch, "20261112-2537"), true
	case "ubuntu":
		return w.Ubuntu(channel, o["release"], arch, "20261105"), true
	case "alpine":
		return w.Alpine(channel, o["variant"], o["firmware"], o["bootstrap"], arch, strings.TrimPrefix(channel, "v")+".9-r0"), true
	case "oracle":
		return w.Oracle(channel, arch, channel+".11-b393"), channel != "7" || arch == "amd64"
	case "talos":
		return w.Talos(o["platform"], o["schematic"], arch, "v1.13.99"), true
	case "github":
		return w.project(d, arch, "v99.5.8"), true
	case "checksums":
		return w.directory(d, arch)
	}
	return Site{}, false
}

// project publishes a release of a catalog entry that is fetched from GitHub.
func (w *World) project(d distros.Distro, arch, tag string) Site {
	o := d.Release.Options
	name := func(option string) string {
		return strings.NewReplacer("{arch}", vendorArch(d, arch), "{tag}", tag, "{version}", strings.TrimPrefix(tag, "v")).Replace(o[option])
	}
	content := map[string][]byte{"disk": Disk(d.Name + tag), "kernel": kernel(d.Name, arch), "initrd": initrd(d.Name), "iso": medium(d.Name)}
	line := gnuText
	if strings.HasPrefix(d.Release.Options["checksums"], "checksums") {
		line = tagged
	}
	var files []GitFile
	var list strings.Builder
	for _, role := range []string{"disk", "kernel", "initrd", "iso"} {
		if o[role] == "" {
			continue
		}
		files = append(files, GitFile{name(role), content[role]})
		fmt.Fprintf(&list, line, name(role), SHA256(content[role]), len(content[role]))
	}
	root := "https://github.com/" + o["repo"] + "/releases/download/" + tag + "/"
	first := files[0].Name
	index := w.GitHub(o["repo"], tag, append(files, GitFile{name("checksums"), []byte(list.String())})...)
	return Site{Version: tag, Index: index, List: root + name("checksums"), Image: root + first}
}

func vendorArch(d distros.Distro, arch string) string {
	if name := d.Release.Options["arch_"+arch]; name != "" {
		return name
	}
	return arch
}

// directory publishes a release of a catalog entry with resolver checksums.
func (w *World) directory(d distros.Distro, arch string) (Site, bool) {
	v, ok := directories()[d.Name]
	if !ok || v.images[arch] == "" {
		return Site{}, false
	}
	fill := strings.NewReplacer("{arch}", cpuName(arch), "{file}", v.images[arch], "{arm}", map[string]string{"arm64": "-arm64"}[arch])
	root, list := fill.Replace(v.root), fill.Replace(v.root+v.list)
	disk := Disk(d.Name + v.version + arch)
	var text strings.Builder
	for _, other := range v.others {
		fmt.Fprintf(&text, v.line, other, SHA256([]byte(other)), 1)
	}
	fmt.Fprintf(&text, v.line, v.images[arch], SHA256(disk), len(disk))
	w.Put(root+v.images[arch], disk)
	site := Site{Version: v.version, Index: list, List: list, Image: root + v.images[arch]}
	if v.version == "" { // the name says none: the digest tells builds apart
		site.Version = d.Release.Channel + "-" + SHA256(disk)[:12]
	}
	if strings.Contains(v.list, "{file}") { // found by the listing
		site.Index = root
		w.Put(root, listing(append(v.others, v.images[arch], v.images[arch]+".sha256", v.images[arch]+".sha256.asc")...))
	}
	switch suffix := d.Release.Options["signature"]; suffix {
	case "":
		w.Put(list, []byte(text.String()))
	case "clearsigned":
		w.putClearsigned(list, d.Release.Options["key"], []byte(text.String()))
		site.Signed = list
	default:
		w.putSigned(list, suffix, d.Release.Options["key"], []byte(text.String()), suffix == ".asc")
		site.Signed = list + suffix
	}
	return site, true
}
