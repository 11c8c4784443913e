package cloudinit

import (
	"fmt"
	"path"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"distrolab/provision"
)

// Limits of what is read of a person's file, and said of it.
const (
	maxFile     = 1 << 20
	maxFindings = 100
)

// Check reads one file that a person wrote. meta-data and network-config are
// known by their names; any other file is user-data, of which cloud-config is
// checked and every other kind named. What the system of the target would not
// do, though cloud-init takes it, is a warning.
func Check(name, content string, target provision.Target) []provision.Finding {
	switch {
	case len(content) > maxFile:
		return problem(0, fmt.Sprintf("the file has %d bytes; distrolab checks at most %d, and most clouds take far fewer", len(content), maxFile))
	case strings.HasPrefix(content, "\x1f\x8b"):
		return remark("this is compressed by gzip, which cloud-init unpacks; check it unpacked")
	case !utf8.ValidString(content):
		return problem(badLine(content), "this is not UTF-8 text; give binary content with encoding: b64")
	}
	empty := strings.TrimSpace(content) == ""
	switch strings.ReplaceAll(path.Base(name), "_", "-") {
	case metaData:
		r, _ := readMetaData(content)
		return r.found
	case networkConfig:
		if empty {
			return nil // cloud-init then takes its default, DHCP
		}
		r, root := readNetwork(content)
		r.networkOn(root, target)
		return r.found
	case vendorData:
		if empty {
			return nil
		}
	}
	return checkUserData(content, target)
}

// badLine is the line of the first byte that is no UTF-8.
func badLine(content string) int {
	line := 1
	for _, r := range content {
		if r == utf8.RuneError {
			return line
		}
		if r == '\n' {
			line++
		}
	}
	return line
}

func problem(line int, message string) []provision.Finding {
	return []provision.Finding{{Severity: provision.SeverityError, Line: line, Message: message}}
}

func remark(message string) []provision.Finding {
	return []provision.Finding{{Severity: provision.SeverityWarning, Line: 1, Message: message}}
}

// otherKinds are the kinds of user-data that are no cloud-config, by the text
// with which they begin (INCLUSION_TYPES_MAP in cloud-init's handlers).
func otherKinds() [][2]string {
	return [][2]string{
		{"#!", "this is a script, which cloud-init runs once, in modules:final, as root; what it does is not checked"},
		{"#include-once", "this is a list of addresses of which cloud-init fetches user-data once; what is there is not checked"},
		{"#include", "this is a list of addresses of which cloud-init fetches user-data; what is there is not checked"},
		{"#cloud-boothook", "this is a boothook, a script which cloud-init runs early, at every boot; what it does is not checked"},
		{"#cloud-config-archive", "this is a list of user-data of several kinds; its items are not checked"},
		{"#cloud-config-jsonp", "this is a JSON patch of the cloud-config before it; it is not checked"},
		{"#part-handler", "this is Python code that handles parts of user-data; what it does is not checked"},
		{"#upstart-job", "this is a job for upstart, of which cloud-init took no more notice since 24.1"},
		{"## template:", "this is a template, which cloud-init fills in before it reads it; what it becomes is not checked"},
	}
}

// checkUserData tells the kinds of user-data apart.
func checkUserData(content string, target provision.Target) []provision.Finding {
	if strings.HasPrefix(content, "\ufeff") {
		return problem(1, "the file begins with a byte order mark, so cloud-init does not see its first line; save it as UTF-8 without one")
	}
	for _, kind := range otherKinds() {
		if strings.HasPrefix(content, kind[0]) {
			return remark(kind[1])
		}
	}
	if isMail(content) {
		return checkMail(content, target)
	}
	first, _, _ := strings.Cut(content, "\n")
	if strings.HasPrefix(first, strings.TrimSpace(Header)) {
		return checkCloudConfig(content, target)
	}
	squeezed := strings.NewReplacer(" ", "", "_", "-", "\t", "").Replace(strings.ToLower(first))
	var findings []provision.Finding
	switch {
	case strings.TrimSpace(content) == "":
		return remark("the file is empty, so the system starts as its image is")
	case strings.HasPrefix(squeezed, "#cloud-config"):
		findings = problem(1, fmt.Sprintf("the first line is %q and must be %s, with nothing before it; cloud-init ignores the rest", clip(first), strings.TrimSpace(Header)))
	case strings.HasPrefix(strings.TrimLeft(content, "\n\r\t "), strings.TrimSpace(Header)):
		findings = problem(1, strings.TrimSpace(Header)+" must be the first line; cloud-init ignores a file that begins otherwise")
	default:
		findings = problem(1, "the first line must be "+strings.TrimSpace(Header)+", or #! of a script; cloud-init ignores a file that begins otherwise")
		if !strings.Contains(content, ":") {
			return findings
		}
	}
	return append(findings, checkCloudConfig(content, target)...)
}

func checkCloudConfig(content string, target provision.Target) []provision.Finding {
	r, root := readCloudConfig(content)
	r.userDataOn(root, target)
	return r.found
}

// readCloudConfig reads a cloud-config; the node is nil where it is no YAML.
func readCloudConfig(content string) (*reader, *yaml.Node) {
	r := &reader{lines: content}
	root := r.parse()
	if root != nil && kindOf(root) != null {
		r.check(root, cloudConfig(), "", 0)
		r.cloudConfig(root)
	}
	return r, root
}

// readMetaData reads the meta-data of NoCloud.
func readMetaData(content string) (*reader, *yaml.Node) {
	r := &reader{lines: content, loose: true}
	root := r.parse()
	if root == nil {
		return r, nil
	}
	r.check(root, metaDataShape(), "", 0)
	if id := child(root, "instance-id"); id == nil || id.Value == "" {
		r.warn(root, "instance-id", "there is none, so the instance is always called nocloud and cloud-init does not see that a config is new")
	}
	return r, root
}

// readNetwork reads a network-config, with or without network: around it.
func readNetwork(content string) (*reader, *yaml.Node) {
	r := &reader{lines: content}
	root := r.parse()
	if root == nil {
		return r, nil
	}
	at := ""
	if inner := child(root, "network"); inner != nil && len(root.Content) == 2 {
		root, at = inner, "network"
	}
	version := child(root, "version")
	switch {
	case kindOf(root) != mapping:
		r.fail(root, at, "must be a mapping, with version: 2 and ethernets")
	case version == nil:
		r.fail(root, join(at, "version"), "is missing; write version: 2 (or 1, the older language)")
	case version.Value != "1" && version.Value != "2":
		r.fail(version, join(at, "version"), fmt.Sprintf("is %q and must be 1 or 2", clip(version.Value)))
	case version.Value == "1":
		r.check(root, networkShape(1), at, 0)
		r.networkV1(root, at)
	default:
		r.check(root, networkShape(2), at, 0)
		r.networkV2(root, at)
	}
	return r, root
}

// clip keeps a text short enough for a message.
func clip(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
