package vendortest

import (
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
)

// Site says where the documents of one imitated release lie.
type Site struct {
	Version string
	Index   string // what is asked first
	List    string // where the digest of the image is
	Signed  string // the signature, or the document that holds it; empty: the vendor does not sign
	Image   string // the disk, or the first file
}

// Flatcar publishes a version as the current one of a channel.
func (w *World) Flatcar(channel, arch, version string) Site {
	root := "https://" + channel + ".release.flatcar-linux.net/" + arch + "-usr/"
	name := map[string]string{"amd64": "flatcar_production_qemu_image.img", "arm64": "flatcar_production_qemu_uefi_image.img"}[arch]
	text := "FLATCAR_VERSION=" + version + "\nFLATCAR_VERSION_ID=" + version + "\nFLATCAR_BUILD_ID=\"\"\nFLATCAR_SDK_VERSION=4593.0.0\n"
	w.Put(root+"current/version.txt", []byte(text))
	w.Put(root+version+"/version.txt", []byte(text))
	disk := Disk("flatcar " + version + arch)
	w.Put(root+version+"/"+name, disk)
	w.putClearsigned(root+version+"/"+name+".DIGESTS.asc", "flatcar", []byte("# MD5 HASH\n"+strings.Repeat("1", 32)+"  "+name+
		"\n# SHA1 HASH\n"+strings.Repeat("2", 40)+"  "+name+"\n# SHA512 HASH\n"+sha512Hex(disk)+"  "+name+"\n"))
	w.Put("https://www.flatcar.org/releases-json/releases-"+channel+".json", []byte(`{"9.1.0":{"channel":"`+channel+`","architectures":["amd64","arm64"],"release_date":"2013-01-01 00:00:00 +0000"},`+
		`"`+version+`":{"channel":"`+channel+`","architectures":["amd64","arm64"],"release_date":"2026-08-13 15:48:35 +0000","major_software":{"kernel":["6.12.102"]},"release_notes":"…"},`+
		`"current":{"channel":"`+channel+`","architectures":["amd64","arm64"],"release_date":"2026-08-13 15:48:35 +0000"}}`))
	list := root + version + "/" + name + ".DIGESTS.asc"
	return Site{Version: version, Index: root + "current/version.txt", List: list, Signed: list, Image: root + version + "/" + name}
}

// FCOS publishes a version as that of a stream of Fedora CoreOS.
func (w *World) FCOS(streamName, arch, version string) Site {
	root := "https://builds.coreos.fedoraproject.org"
	cpu := cpuName(arch)
	builds := root + "/prod/streams/" + streamName + "/builds/" + version
	image := builds + "/" + cpu + "/fedora-coreos-" + version + "-qemu." + cpu + ".qcow2.xz"
	disk := Disk("fcos " + version + arch)
	packed := pack(w.t, "xz", disk)
	w.putSigned(image, ".sig", "fedora", packed, false)
	file := fmt.Sprintf(`{"location":%q,"signature":%q,"sha256":%q,"uncompressed-sha256":%q}`, image, image+".sig", SHA256(packed), SHA256(disk))
	w.Put(root+"/streams/"+streamName+".json", []byte(fmt.Sprintf(`{"stream":%q,"metadata":{"last-modified":"2026-07-21T14:07:12Z","generator":"fedora-coreos-stream-generator v0.2.19"},
"architectures":{%q:{"artifacts":{"qemu":{"release":%q,"formats":{"qcow2.xz":{"disk":%s}}},
"metal":{"release":"1","formats":{"4k.raw.xz":{"disk":{}},"pxe":{"kernel":{},"initramfs":{},"rootfs":{}}}}},"images":{"aws":{},"gcp":{},"kubevirt":{}}}}}`, streamName, cpu, version, file)))
	w.Put(builds+"/release.json", []byte(fmt.Sprintf(`{"release":%q,"stream":%q,"metadata":{"last-modified":"2026-07-21T14:07:12Z"},
"architectures":{%q:{"media":{"qemu":{"artifacts":{"qcow2.xz":{"disk":%s}}}}}}}`, version, streamName, cpu, file)))
	w.Put(root+"/prod/streams/"+streamName+"/releases.json", []byte(fmt.Sprintf(`{"stream":%q,"note":"For use only by internal tooling","metadata":{"last-modified":"2026-07-21T14:07:12Z"},
"releases":[{"version":"31.20200108.3.0","commits":[{"architecture":"x86_64","checksum":"00"}],"metadata":"https://x"},{"version":%q,"commits":[{"architecture":"x86_64","checksum":"00"},{"architecture":"aarch64","checksum":"00"}],"metadata":%q}]}`,
		streamName, version, builds+"/release.json")))
	index := root + "/streams/" + streamName + ".json"
	return Site{Version: version, Index: index, List: index, Signed: image + ".sig", Image: image}
}

// Debian publishes a build of a suite's cloud images.
func (w *World) Debian(suite, release, variant, arch, version string) Site {
	root := "https://cloud.debian.org/images/cloud/" + suite + "/"
	stem := "debian-" + release + "-" + variant + "-" + arch
	name := stem + "-" + version + ".qcow2"
	disk := Disk("debian " + version + arch)
	sum := sha512.Sum512(disk)
	w.Put(root+version+"/"+name, disk)
	w.Put(root+version+"/SHA512SUMS", []byte(strings.Repeat("e", 128)+"  "+stem+"-"+version+".raw\n"+sha512Hex(disk)+"  "+name+"\n"))
	upload := func(format, file, digest string) string {
		return fmt.Sprintf(`{"apiVersion":"cloud.debian.org/v1alpha1","kind":"Upload","data":{"familyRef":null,"provider":"cloud.debian.org","ref":%q},"metadata":{"annotations":{"cloud.debian.org/digest":"sha512:%s"},"labels":{"upload.cloud.debian.org/image-format":%q,"upload.cloud.debian.org/type":"release","cloud.debian.org/version":%q,"debian.org/arch":%q},"uid":"0eef0098"}}`,
			suite+"/"+version+"/"+file, digest, format, version, arch)
	}
	w.Put(root+"latest/"+stem+".json", []byte(`{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"cloud.debian.org/v1alpha1","kind":"Build","data":{"info":{"arch":"`+arch+`","release":"`+suite+`","version":"`+version+`"},"packages":[{"name":"adduser","version":"3.152"}]},"metadata":{"annotations":{"cloud.debian.org/digest":"sha512:AAAA"},"labels":{"cloud.debian.org/version":"`+version+`"}}},`+
		upload("raw", stem+"-"+version+".raw", "AAAA")+","+upload("qcow2", name, base64.RawStdEncoding.EncodeToString(sum[:]))+`]}`))
	w.Put(root, listing("20230101-1/", version+"/", "daily/", "latest/"))
	return Site{Version: version, Index: root + "latest/" + stem + ".json", List: root + version + "/SHA512SUMS", Image: root + version + "/" + name}
}

// Ubuntu publishes a build of a release's cloud images. The image is reached by
// a redirect, as the vendor does it.
func (w *World) Ubuntu(codeName, release, arch, serial string) Site {
	root := "https://cloud-images.ubuntu.com/releases/"
	path := "server/releases/" + codeName + "/release-" + serial + "/ubuntu-" + release + "-server-cloudimg-" + arch + ".img"
	disk := Disk("ubuntu " + release + serial + arch)
	w.Put(root+strings.TrimPrefix(path, "server/releases/"), disk)
	w.Put(root+path, disk)
	w.Fault(root+path, Redirect(root+strings.TrimPrefix(path, "server/releases/")))
	id := "com.ubuntu.cloud:server:" + release + ":" + arch
	list := root + "streams/v1/com.ubuntu.cloud:released:download.sjson"
	w.putClearsigned(root+"streams/v1/index.sjson", "ubuntu-cloudimage", []byte(`{"format":"index:1.0","updated":"Tue, 21 Jul 2026 00:00:00 +0000","index":{"com.ubuntu.cloud:released:aws":{"format":"products:1.0","datatype":"image-ids","path":"streams/v1/aws.sjson","products":["`+id+`"]},`+
		`"com.ubuntu.cloud:released:download":{"format":"products:1.0","datatype":"image-downloads","path":"streams/v1/com.ubuntu.cloud:released:download.json","products":["com.ubuntu.cloud:server:14.04:amd64","`+id+`"]}}}`+"\n"))
	item := func(ftype, path string, content []byte) string {
		return fmt.Sprintf(`%q:{"ftype":%q,"path":%q,"sha256":%q,"size":%d}`, ftype, ftype, path, SHA256(content), len(content))
	}
	w.putClearsigned(list, "ubuntu-cloudimage", []byte(`{"format":"products:1.0","datatype":"image-downloads","content_id":"com.ubuntu.cloud:released:download","products":{"`+id+`":{"arch":"`+arch+`","os":"ubuntu","release":"`+codeName+`","version":"`+release+`","supported":true,"versions":{`+
		`"20240423":{"label":"release","items":{`+item("disk1.img", strings.ReplaceAll(path, serial, "20240423"), []byte("old"))+`}},`+
		`"`+serial+`":{"label":"release","items":{`+item("manifest", "server/x.manifest", nil)+`,`+item("disk1.img", path, disk)+`}}}}}}`+"\n"))
	return Site{Version: serial, Index: root + "streams/v1/index.sjson", List: list, Signed: list, Image: root + path}
}

// Alpine publishes a version, such as 3.24.1-r0, of a branch's cloud images.
func (w *World) Alpine(branch, variant, firmware, bootstrap, arch, version string) Site {
	root := "https://dl-cdn.alpinelinux.org/alpine/" + branch + "/releases/cloud/"
	if arch == "arm64" {
		firmware = "uefi"
	}
	number, revision, _ := strings.Cut(version, "-")
	name := func(variant, number, bootstrap string) string {
		return variant + "_alpine-" + number + "-" + cpuName(arch) + "-" + firmware + "-" + bootstrap + "-" + revision + ".qcow2"
	}
	file := name(variant, number, bootstrap)
	disk := Disk("alpine " + version + arch)
	w.putSigned(root+file, ".asc", "alpine", disk, true)
	w.Put(root+file+".sha512", []byte(sha512Hex(disk)+"\n"))
	old := strings.TrimSuffix(number, number[strings.LastIndex(number, "."):]) + ".0"
	w.Put(root, listing(name("aws", number, bootstrap), name("generic", number, bootstrap), name(variant, old, bootstrap), file,
		file+".asc", file+".sha512", file+".yaml", name(variant, number, bootstrap+"-metal"), name(variant, number, "other")))
	return Site{Version: version, Index: root, List: root + file + ".sha512", Signed: root + file + ".asc", Image: root + file}
}

// Oracle publishes a build, such as 9.8-b293, of a line's KVM templates.
func (w *World) Oracle(line, arch, version string) Site {
	number, build, _ := strings.Cut(version, "-")
	_, update, _ := strings.Cut(number, ".")
	suffix, kind := "", ""
	if arch == "arm64" {
		suffix, kind = "_aarch64-cloud", "-cloud"
	}
	cpu := cpuName(arch)
	name := "OL" + line + "U" + update + "_" + cpu + "-kvm" + kind + "-" + build + ".qcow2"
	folder := "/templates/OracleLinux/OL" + line + "/u" + update + "/" + cpu
	disk := Disk("oracle " + version + arch)
	index := "https://yum.oracle.com/templates/OracleLinux/ol" + line + suffix + "-template.json"
	w.Put("https://yum.oracle.com"+folder+"/"+name, disk)
	w.Put(index, []byte(fmt.Sprintf(`{"base_url":%q,"kvm":{"image":%q,"sha256":%q},"vagrant":{"image":"x.box","sha256":%q}}`, folder, name, SHA256(disk), strings.Repeat("d", 64))))
	return Site{Version: version, Index: index, List: index, Image: "https://yum.oracle.com" + folder + "/" + name}
}

// GitFile is a file of a release on GitHub.
type GitFile struct {
	Name    string
	Content []byte
}

// GitHub publishes a release of a project. Its files lie at another host, to
// which GitHub sends the client.
func (w *World) GitHub(repo, tag string, files ...GitFile) (index string) {
	type asset struct {
		Name string `json:"name"`
		Size int    `json:"size"`
		URL  string `json:"browser_download_url"`
	}
	release := map[string]any{"tag_name": tag, "prerelease": false, "draft": false, "published_at": "2026-08-19T12:00:00Z"}
	var assets []asset
	for _, f := range files {
		url := "https://github.com/" + repo + "/releases/download/" + tag + "/" + f.Name
		elsewhere := "https://release-assets.githubusercontent.com/" + repo + "/" + tag + "/" + f.Name
		w.Put(url, f.Content)
		w.Put(elsewhere, w.Get(url))
		w.Fault(url, Redirect(elsewhere))
		assets = append(assets, asset{f.Name, len(f.Content), url})
	}
	release["assets"] = assets
	api := "https://api.github.com/repos/" + repo + "/releases"
	w.Put(api+"/latest", w.json(release))
	w.Put(api+"/tags/"+tag, w.json(release))
	w.Put(api, w.json([]map[string]any{{"tag_name": "v99.0.0-rc.1", "prerelease": true}, {"tag_name": "v98.0.0", "draft": true}, release, {"tag_name": "v0.0.1"}, {"tag_name": "not a version"}}))
	return api + "/latest"
}

func (w *World) json(value any) []byte {
	w.t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		w.t.Fatal(err)
	}
	return text
}

// Talos publishes a version on GitHub and an image of it at the Image Factory,
// which asks to be paid for digests and sends the client to another host.
func (w *World) Talos(platform, schematic, arch, version string) Site {
	index := w.GitHub("siderolabs/talos", version, GitFile{"metal-" + arch + ".raw.zst", []byte("not asked for")})
	image := "https://factory.talos.dev/image/" + schematic + "/" + version + "/" + platform + "-" + arch + ".raw.xz"
	elsewhere := "https://images.talos.example/" + schematic + "/" + version + "/" + platform + "-" + arch + ".raw.xz"
	disk := pack(w.t, "xz", rawDisk("talos "+version+arch))
	w.Put(image, disk)
	w.Put(elsewhere, w.Get(image))
	w.Fault(image, factory(elsewhere))
	w.Fault(image+".sha256", Status(402))
	return Site{Version: version, Index: index, List: index, Image: image}
}

// cpuName is what most vendors call an architecture.
func cpuName(arch string) string {
	return map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[arch]
}
