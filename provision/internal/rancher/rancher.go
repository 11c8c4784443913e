// Package rancher holds what RancherOS and k3OS have in common: how files are
// written, how kernel settings are named, and what can be said on a kernel
// command line.
//
// It is pure and may import provision and the packages that write YAML and
// models of it.
package rancher

import (
	"encoding/base64"
	"fmt"
	"strings"

	"distrolab/provision"
	"distrolab/provision/internal/shape"
	"distrolab/provision/internal/yamldoc"
)

// Account is the one account of both systems.
const Account = "rancher"

// File is one entry of write_files; encode asks for base64 where YAML alone
// would do. More pairs follow the usual ones.
func File(f provision.File, encode bool, more ...yamldoc.Pair) yamldoc.Node {
	content, encoding := yamldoc.Node{}, yamldoc.Node{}
	if encode || !yamldoc.Plain(f.Content) {
		encoding = yamldoc.Text("base64")
		content = yamldoc.Quoted(base64.StdEncoding.EncodeToString([]byte(f.Content)))
	} else {
		content = yamldoc.Text(f.Content)
	}
	return yamldoc.Map(append([]yamldoc.Pair{
		{Key: "path", Value: yamldoc.Text(f.Path)},
		{Key: "permissions", Value: yamldoc.Quoted(fmt.Sprintf("%#04o", f.EffectiveMode()))},
		{Key: "owner", Value: yamldoc.Text("root")},
		{Key: "encoding", Value: encoding},
		{Key: "content", Value: content},
	}, more...)...)
}

// FileFields is the model of an entry of write_files.
func FileFields() map[string]shape.Shape {
	return map[string]shape.Shape{
		"path": shape.Text(func(text string) string {
			if !strings.HasPrefix(text, "/") {
				return "must be an absolute path, such as /etc/motd"
			}
			return ""
		}),
		"permissions": shape.Text(func(text string) string {
			digits := strings.TrimPrefix(text, "0")
			if len(text) < 3 || len(digits) > 4 || strings.Trim(text, "01234567") != "" {
				return `must be octal digits in quotes, such as "0644"`
			}
			return ""
		}),
		"encoding": shape.Text(func(text string) string {
			switch text {
			case "", "base64", "b64", "gz", "gzip", "gz+base64", "gzip+base64", "gz+b64", "gzip+b64":
				return ""
			}
			return "must be base64, gzip or gzip+base64, or be left out"
		}),
		"owner":   shape.Text(nil),
		"content": shape.Text(nil),
	}
}

// SettingPath is the place of a kernel setting below /proc/sys. Both systems
// take every dot for a slash, so a part that holds a dot itself (a network
// interface such as eth0.100) cannot be named: ok is false.
func SettingPath(name string) (path string, ok bool) {
	// sysctl(8): the first of the two signs that comes is the separator.
	if at := strings.IndexAny(name, "./"); at >= 0 && name[at] == '.' {
		name = strings.NewReplacer(".", "/", "/", ".").Replace(name)
	}
	return name, !strings.Contains(name, ".")
}

// SettingName is the usual form of a setting's path, with dots.
func SettingName(path string) string { return strings.ReplaceAll(path, "/", ".") }
