package seed_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"distrolab/distros"
	"distrolab/provision"
	"distrolab/provision/seed"
)

const url = "http://192.168.127.1/m/"

func doc(name, content string) provision.Document {
	return provision.Document{Name: name, Content: content}
}

func config(d distros.Delivery, docs ...provision.Document) provision.Config {
	return provision.Config{Documents: docs, Delivery: d}
}

// kind is a delivery that has nothing but its kind.
func kind(k distros.DeliveryKind) distros.Delivery { return distros.Delivery{Kind: k} }

// TestDeliveries packs a config for every kind and refuses what a channel
// would change.
func TestDeliveries(t *testing.T) {
	longest := "opt/" + strings.Repeat("a", 51)
	disk := distros.Delivery{Kind: distros.DeliverDisk, Serial: "ignition"}
	private := distros.Delivery{Kind: distros.DeliverPartition, Label: "BOTTLEROCKET-PRIVATE"}
	bySMBIOS := distros.Delivery{Kind: distros.DeliverHTTP, SMBIOS: "ds=nocloud;s={url}"}
	byKernel := distros.Delivery{Kind: distros.DeliverHTTP, Kernel: "talos.config={url}config.yaml quiet"}
	quoted := distros.Delivery{Kind: distros.DeliverFWCfg, Kernel: `ignition.firstboot a="b c"`}
	bootconfig := doc("bootconfig.data", "kernel {\n}\n\x00\x00\x0c\x00\x00\x00")
	for name, c := range map[string]struct {
		cfg  provision.Config
		want *seed.Media // nil: refused
	}{
		"none":                     {config(kind(distros.DeliverNone)), &seed.Media{}},
		"unset":                    {config(kind("")), &seed.Media{}},
		"none with a document":     {config(kind(distros.DeliverNone), doc("a", "b")), nil},
		"unknown":                  {config(kind("carrier pigeon"), doc("a", "b")), nil},
		"api":                      {config(kind(distros.DeliverAPI), doc("machine.yaml", "x")), &seed.Media{}},
		"fw_cfg":                   {config(kind(distros.DeliverFWCfg), doc("opt/com.coreos/config", "{}\x00")), &seed.Media{FWCfg: []seed.Entry{{Name: "opt/com.coreos/config", Content: []byte("{}\x00")}}}},
		"fw_cfg of the longest":    {config(kind(distros.DeliverFWCfg), doc(longest, "")), &seed.Media{FWCfg: []seed.Entry{{Name: longest, Content: []byte{}}}}},
		"fw_cfg too long":          {config(kind(distros.DeliverFWCfg), doc(longest+"a", "")), nil},
		"fw_cfg without documents": {config(kind(distros.DeliverFWCfg)), nil},
		"fw_cfg outside opt":       {config(kind(distros.DeliverFWCfg), doc("etc/x", "")), nil},
		"fw_cfg with comma":        {config(kind(distros.DeliverFWCfg), doc("opt/a,string=x", "")), nil},
		"fw_cfg twice":             {config(kind(distros.DeliverFWCfg), doc("opt/a", ""), doc("opt/a", "")), nil},
		"fw_cfg large":             {config(kind(distros.DeliverFWCfg), doc("opt/a", strings.Repeat("x", 9<<20))), nil},
		"fw_cfg and words":         {config(quoted, doc("opt/a", "")), &seed.Media{FWCfg: []seed.Entry{{Name: "opt/a", Content: []byte{}}}, KernelArgs: []string{"ignition.firstboot", `a="b c"`}}},
		"disk":                     {config(disk, doc("config.ign", "{}")), &seed.Media{Disk: &seed.Disk{Serial: "ignition", Content: []byte("{}" + strings.Repeat("\x00", 510))}}},
		"disk of two documents":    {config(disk, doc("a", "a"), doc("b", "b")), nil},
		"disk that ends in zeros":  {config(disk, doc("a", "a\x00")), nil},
		"disk that is empty":       {config(disk, doc("a", "")), nil},
		"disk that is large":       {config(disk, doc("a", strings.Repeat("x", 9<<20))), nil},
		"disk of a long serial":    {config(distros.Delivery{Kind: distros.DeliverDisk, Serial: strings.Repeat("a", 21)}, doc("a", "a")), nil},
		"disk without a serial":    {config(kind(distros.DeliverDisk), doc("a", "a")), nil},
		"partition":                {config(private, bootconfig), &seed.Media{Partition: &seed.Partition{Name: "BOTTLEROCKET-PRIVATE", Files: []provision.Document{bootconfig}}}},
		"partition without a name": {config(kind(distros.DeliverPartition), bootconfig), nil},
		"partition, way out":       {config(private, doc("../etc/passwd", "")), nil},
		"partition without files":  {config(private), nil},
		"http by SMBIOS":           {config(bySMBIOS, doc("user-data", "x")), &seed.Media{Served: []provision.Document{doc("user-data", "x")}, SMBIOSSerial: "ds=nocloud;s=" + url}},
		"http by kernel words":     {config(byKernel, doc("config.yaml", "x")), &seed.Media{Served: []provision.Document{doc("config.yaml", "x")}, KernelArgs: []string{"talos.config=" + url + "config.yaml", "quiet"}}},
		"http that nobody is told": {config(kind(distros.DeliverHTTP), doc("a", "x")), nil},
		"http, a name with spaces": {config(bySMBIOS, doc("a b", "x")), nil},
		"url without http":         {config(distros.Delivery{Kind: distros.DeliverNone, Kernel: "a={url}"}), nil},
		"smbios too long":          {config(distros.Delivery{Kind: distros.DeliverNone, SMBIOS: strings.Repeat("a", 256)}), nil},
		"smbios newline":           {config(distros.Delivery{Kind: distros.DeliverNone, SMBIOS: "a\nb"}), nil},
		"smbios ends in space":     {config(distros.Delivery{Kind: distros.DeliverNone, SMBIOS: "a "}), nil},
		"kernel":                   {config(kind(distros.DeliverKernel), doc("cmdline", `k3os.token="a b" quiet`)), &seed.Media{KernelArgs: []string{`k3os.token="a b"`, "quiet"}}},
		"kernel, another document": {config(kind(distros.DeliverKernel), doc("a", "quiet")), nil},
		"kernel, two spaces":       {config(kind(distros.DeliverKernel), doc("cmdline", "a  b")), nil},
		"kernel, empty word":       {config(kind(distros.DeliverKernel), doc("cmdline", `a "" b`)), nil},
		"kernel, open quote":       {config(kind(distros.DeliverKernel), doc("cmdline", `a="b c`)), nil},
		"kernel, newline":          {config(kind(distros.DeliverKernel), doc("cmdline", "a\nb")), nil},
		"kernel, beyond ASCII":     {config(kind(distros.DeliverKernel), doc("cmdline", "a=ä")), nil},
		"kernel, end of its words": {config(kind(distros.DeliverKernel), doc("cmdline", "a -- b")), nil},
		"kernel too long":          {config(kind(distros.DeliverKernel), doc("cmdline", strings.Repeat("a", 2048))), nil},
		"kernel too long together": {config(distros.Delivery{Kind: distros.DeliverKernel, Kernel: strings.Repeat("a", 1100)}, doc("cmdline", strings.Repeat("a", 1100))), nil},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := seed.Pack(c.cfg, url)
			if c.want == nil {
				if err == nil {
					t.Errorf("accepted: %+v", got)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(*c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestServedDocumentsNeedAnAddress(t *testing.T) {
	cfg := config(distros.Delivery{Kind: distros.DeliverHTTP, Kernel: "a={url}x"}, doc("x", ""))
	for _, bad := range []string{"", "http://a", "https://a/", "http://a b/", "http://a\"/", "file:///"} {
		if _, err := seed.Pack(cfg, bad); err == nil {
			t.Errorf("address %q: accepted", bad)
		}
	}
}

func TestVolumeSaysWhichMediumItWants(t *testing.T) {
	for medium, cdrom := range map[string]bool{"": false, distros.MediaDisk: false, distros.MediaCDROM: true} {
		media, err := seed.Pack(config(distros.Delivery{Kind: distros.DeliverVolume, Label: "cidata", Media: medium}, nocloud()...), "")
		if err != nil || media.Volume.CDROM != cdrom {
			t.Errorf("medium %q: %v", medium, err)
		}
	}
	if _, err := seed.Pack(config(distros.Delivery{Kind: distros.DeliverVolume, Label: "cidata", Media: "floppy"}, nocloud()...), ""); err == nil {
		t.Error("a floppy was accepted")
	}
}

// TestWordsLoseNothing: the words, with one space between them, are the line.
func TestWordsLoseNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		line := rapid.StringMatching(`[a-c" =-]{0,40}`).Draw(t, "line")
		words, err := seed.Words(line)
		if err != nil {
			return
		}
		if got := strings.Join(words, " "); got != line {
			t.Fatalf("%q became %q", line, got)
		}
		for _, w := range words {
			if strings.Count(w, `"`)%2 != 0 || w == "" {
				t.Fatalf("%q has the word %q", line, w)
			}
		}
	})
}
