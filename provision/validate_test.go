package provision_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"distrolab/provision"
	"distrolab/provision/internal/intenttest"
)

func TestValidateAcceptsEveryGeneratedIntent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		if err := intenttest.Intents().Draw(t, "intent").Validate(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestValidateAcceptsTheDefault(t *testing.T) {
	for _, keys := range [][]string{nil, {intenttest.Key(1, "a b c")}, {`restrict,command="true" ` + intenttest.Key(1, "")}} {
		if err := provision.DefaultIntent("node1", "core", keys).Validate(); err != nil {
			t.Errorf("%q: %v", keys, err)
		}
	}
}

// spoiled is the full intent made wrong in one way, with the path of the one
// problem that must be found.
type spoiled struct {
	spoil func(*provision.Intent)
	path  string
}

func TestValidateRefusesNamesAndKeys(t *testing.T) {
	refuses(t, map[string]spoiled{
		"no hostname":              {func(i *provision.Intent) { i.Hostname = "" }, "hostname"},
		"hostname with underscore": {func(i *provision.Intent) { i.Hostname = "a_b" }, "hostname"},
		"hostname in capitals":     {func(i *provision.Intent) { i.Hostname = "Node" }, "hostname"},
		"hostname ends in dash":    {func(i *provision.Intent) { i.Hostname = "a-" }, "hostname"},
		"hostname with empty part": {func(i *provision.Intent) { i.Hostname = "a..b" }, "hostname"},
		"hostname is address":      {func(i *provision.Intent) { i.Hostname = "10.0.0.1" }, "hostname"},
		"hostname too long":        {func(i *provision.Intent) { i.Hostname = strings.Repeat("a.", 40) + "a" }, "hostname"},
		"hostname part too long":   {func(i *provision.Intent) { i.Hostname = strings.Repeat("a", 64) }, "hostname"},
		"hostname with newline":    {func(i *provision.Intent) { i.Hostname = "a\n" }, "hostname"},
		"user empty":               {func(i *provision.Intent) { i.Users[0].Name = "" }, "users[0].name"},
		"user with sudoers syntax": {func(i *provision.Intent) { i.Users[0].Name = "a ALL" }, "users[0].name"},
		"user root":                {func(i *provision.Intent) { i.Users[0].Name = "root" }, "users[0].name"},
		"user twice":               {func(i *provision.Intent) { i.Users[1].Name = "core" }, "users[1].name"},
		"user too long":            {func(i *provision.Intent) { i.Users[0].Name = strings.Repeat("a", 33) }, "users[0].name"},
		"key of two lines":         {func(i *provision.Intent) { i.Users[0].SSHAuthorizedKeys[1] += "\n" + intenttest.Key(9, "") }, "users[0].ssh_authorized_keys[1]"},
		"key is none":              {func(i *provision.Intent) { i.Users[0].SSHAuthorizedKeys[0] = "hello" }, "users[0].ssh_authorized_keys[0]"},
		"key is private":           {func(i *provision.Intent) { i.Users[0].SSHAuthorizedKeys[0] = "-----BEGIN OPENSSH PRIVATE KEY-----" }, "users[0].ssh_authorized_keys[0]"},
		"key is cut":               {func(i *provision.Intent) { i.Users[0].SSHAuthorizedKeys[0] = intenttest.Key(1, "")[:40] }, "users[0].ssh_authorized_keys[0]"},
		"key is huge":              {func(i *provision.Intent) { i.Users[0].SSHAuthorizedKeys[0] += strings.Repeat("x", 20000) }, "users[0].ssh_authorized_keys[0]"},
	})
}

func TestValidateRefusesNetworks(t *testing.T) {
	refuses(t, map[string]spoiled{
		"mac missing":             {func(i *provision.Intent) { i.Network.MAC = "" }, "network.mac"},
		"mac of a group":          {func(i *provision.Intent) { i.Network.MAC = "53:54:00:12:34:56" }, "network.mac"},
		"mac too long":            {func(i *provision.Intent) { i.Network.MAC = "52:54:00:12:34:56:78:9a" }, "network.mac"},
		"mac in Cisco's form":     {func(i *provision.Intent) { i.Network.MAC = "5254.0012.3456" }, "network.mac"},
		"mac alone":               {func(i *provision.Intent) { i.Network = provision.Network{MAC: i.Network.MAC} }, "network.mac"},
		"address without prefix":  {func(i *provision.Intent) { i.Network.Addresses = append(i.Network.Addresses, "10.0.0.1") }, "network.addresses[2]"},
		"address is network":      {func(i *provision.Intent) { i.Network.Addresses = append(i.Network.Addresses, "10.0.0.0/24") }, "network.addresses[2]"},
		"address twice":           {func(i *provision.Intent) { i.Network.Addresses = append(i.Network.Addresses, "192.168.50.10/25") }, "network.addresses[2]"},
		"address of a group":      {func(i *provision.Intent) { i.Network.Addresses = append(i.Network.Addresses, "224.0.0.1/24") }, "network.addresses[2]"},
		"gateway far away":        {func(i *provision.Intent) { i.Network.Gateway = "10.0.0.1" }, "network.gateway"},
		"gateway is oneself":      {func(i *provision.Intent) { i.Network.Gateway = "192.168.50.10" }, "network.gateway"},
		"gateway is a name":       {func(i *provision.Intent) { i.Network.Gateway = "router" }, "network.gateway"},
		"dns is a name":           {func(i *provision.Intent) { i.Network.DNS[0] = "dns.lab" }, "network.dns[0]"},
		"dns with zone":           {func(i *provision.Intent) { i.Network.DNS[0] = "fe80::1%eth0" }, "network.dns[0]"},
		"dns of the wrong family": {func(i *provision.Intent) { i.Network.Addresses = i.Network.Addresses[:1] }, "network.dns[1]"},
		"dns without addresses":   {func(i *provision.Intent) { i.Network = provision.Network{DHCP: true, DNS: []string{"9.9.9.9"}} }, "network.dns"},
	})
}

func TestValidateRefusesFiles(t *testing.T) {
	refuses(t, map[string]spoiled{
		"path relative":        {func(i *provision.Intent) { i.Files[0].Path = "etc/motd" }, "files[0].path"},
		"path goes up":         {func(i *provision.Intent) { i.Files[0].Path = "/etc/../motd" }, "files[0].path"},
		"path begins going up": {func(i *provision.Intent) { i.Files[0].Path = "/../motd" }, "files[0].path"},
		"path ends in slash":   {func(i *provision.Intent) { i.Files[0].Path = "/etc/" }, "files[0].path"},
		"path is root":         {func(i *provision.Intent) { i.Files[0].Path = "/" }, "files[0].path"},
		"path empty":           {func(i *provision.Intent) { i.Files[0].Path = "" }, "files[0].path"},
		"path with NUL":        {func(i *provision.Intent) { i.Files[0].Path = "/a\x00b" }, "files[0].path"},
		"path with newline":    {func(i *provision.Intent) { i.Files[0].Path = "/a\nb" }, "files[0].path"},
		"path not UTF-8":       {func(i *provision.Intent) { i.Files[0].Path = "/a\xff" }, "files[0].path"},
		"path part too long":   {func(i *provision.Intent) { i.Files[0].Path = "/" + strings.Repeat("a", 256) }, "files[0].path"},
		"path too long":        {func(i *provision.Intent) { i.Files[0].Path = strings.Repeat("/aaaaaaa", 600) }, "files[0].path"},
		"path twice":           {func(i *provision.Intent) { i.Files[1].Path = "/etc/motd" }, "files[1].path"},
		"path below a file":    {func(i *provision.Intent) { i.Files[1].Path = "/etc/motd/a" }, "files[1].path"},
		"path of hostname":     {func(i *provision.Intent) { i.Files[0].Path = "/etc/hostname" }, "files[0].path"},
		"path of a unit":       {func(i *provision.Intent) { i.Files[0].Path = "/etc/systemd/system/hello.service" }, "files[0].path"},
		"path of ours":         {func(i *provision.Intent) { i.Files[0].Path = provision.SudoersPath }, "files[0].path"},
		"mode negative":        {func(i *provision.Intent) { i.Files[0].Mode = -1 }, "files[0].mode"},
		"contents too large":   {func(i *provision.Intent) { i.Files[0].Content = strings.Repeat("x", 5<<20) }, "files"},
	})
}

func TestValidateRefusesUnitsAndKernel(t *testing.T) {
	refuses(t, map[string]spoiled{
		"unit without ending":       {func(i *provision.Intent) { i.Units[0].Name = "hello" }, "units[0].name"},
		"unit with slash":           {func(i *provision.Intent) { i.Units[0].Name = "../hello.service" }, "units[0].name"},
		"unit that looks an option": {func(i *provision.Intent) { i.Units[0].Name = "--now.service" }, "units[0].name"},
		"unit twice":                {func(i *provision.Intent) { i.Units[1].Name = "hello.service" }, "units[1].name"},
		"unit no unit file":         {func(i *provision.Intent) { i.Units[0].Content = "hello" }, "units[0].content"},
		"unit never started":        {func(i *provision.Intent) { i.Units[0].Content = "[Service]\nExecStart=/bin/true\n" }, "units[0].content"},
		"unit with NUL":             {func(i *provision.Intent) { i.Units[0].Content += "\x00" }, "units[0].content"},
		"module with space":         {func(i *provision.Intent) { i.Kernel.Modules[0] = "a b" }, "kernel.modules[0]"},
		"module is an option":       {func(i *provision.Intent) { i.Kernel.Modules[0] = "-r" }, "kernel.modules[0]"},
		"module a path":             {func(i *provision.Intent) { i.Kernel.Modules[0] = "../a" }, "kernel.modules[0]"},
		"sysctl key with space":     {func(i *provision.Intent) { i.Kernel.Sysctl["a. b"] = "1" }, "kernel.sysctl[a. b]"},
		"sysctl key goes up":        {func(i *provision.Intent) { i.Kernel.Sysctl["a/../b"] = "1" }, "kernel.sysctl[a/../b]"},
		"sysctl value of two lines": {func(i *provision.Intent) { i.Kernel.Sysctl["a.b"] = "1\nc.d = 2" }, "kernel.sysctl[a.b]"},
		"sysctl value empty":        {func(i *provision.Intent) { i.Kernel.Sysctl["a.b"] = "" }, "kernel.sysctl[a.b]"},
		"argument of two words":     {func(i *provision.Intent) { i.Kernel.Args[0] = "a b" }, "kernel.args[0]"},
		"argument with quote":       {func(i *provision.Intent) { i.Kernel.Args[0] = `a="b` }, "kernel.args[0]"},
		"argument empty":            {func(i *provision.Intent) { i.Kernel.Args[0] = "" }, "kernel.args[0]"},
	})
}

// refuses fails unless each case has exactly its problem.
func refuses(t *testing.T, cases map[string]spoiled) {
	t.Helper()
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			intent := intenttest.Full()
			c.spoil(&intent)
			var invalid *provision.InvalidIntentError
			if err := intent.Validate(); !errors.As(err, &invalid) {
				t.Fatalf("want problems, got %v", err)
			}
			var paths []string
			for _, p := range invalid.Problems {
				paths = append(paths, p.Path)
			}
			if diff := cmp.Diff([]string{c.path}, paths); diff != "" {
				t.Errorf("(-want +got):\n%s\n%v", diff, invalid)
			}
		})
	}
}
