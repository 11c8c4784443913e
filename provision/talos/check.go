package talos

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/siderolabs/talos/pkg/machinery/config"

	"distrolab/distros"
	"distrolab/provision"
)

// Limits of a check.
const (
	maxCheck    = 1 << 20  // bytes of a file
	maxValues   = 20000    // keys and values; Talos's reader takes seconds for many more
	maxOdd      = 64 << 10 // bytes of what only Talos's reader takes for YAML
	maxFindings = 100
)

// Check reads one file that a person wrote: a machine config, or meta-data and
// network-config of a NoCloud volume, by the file's name.
func Check(name, text string, target provision.Target) []provision.Finding {
	c := &checker{text: text}
	switch {
	case len(text) > maxCheck:
		c.add(provision.SeverityError, "", "%d bytes are more than the limit of %d", len(text), maxCheck)
	case path.Base(name) == metaData:
		c.metaData()
	case path.Base(name) == networkConfig:
		c.networkConfig()
	default:
		c.machineConfig(target.Delivery)
	}
	return c.found
}

// checker collects what there is to say of one text.
type checker struct {
	text  string
	roots []*yaml.Node // of its documents, for lines
	found []provision.Finding
}

// add notes a finding at a path of the config, whose line it looks up.
func (c *checker) add(severity, at, format string, args ...any) {
	if len(c.found) >= maxFindings {
		return
	}
	f := provision.Finding{Severity: severity, Path: at, Message: fmt.Sprintf(format, args...)}
	if at != "" {
		f.Line, f.Column = position(c.roots, at)
	}
	c.found = append(c.found, f)
}

// machineConfig checks what Talos would make of the text.
func (c *checker) machineConfig(d distros.Delivery) {
	first, _, _ := strings.Cut(c.text, "\n")
	switch first = strings.TrimSpace(first); {
	case strings.HasPrefix(first, "#cloud-config"):
		c.found = []provision.Finding{{Severity: provision.SeverityError, Line: 1, Column: 1, Message: "Talos ignores user-data that begins with #cloud-config and waits for a config; it must be a machine config"}}
		return
	case first == "#include" && nocloud(d):
		c.found = []provision.Finding{{Severity: provision.SeverityWarning, Line: 1, Column: 1, Message: "Talos fetches the addresses of this list; what is there was not checked"}}
		return
	}
	if err := c.read(); err != nil {
		c.unreadable(err)
		return
	}
	cfg, err := load(c.text)
	if err != nil {
		c.unreadable(err)
		return
	}
	if cfg.Machine() == nil {
		c.add(provision.SeverityWarning, "", "there is no document with machine and cluster, so the machine keeps waiting in maintenance mode for the rest")
	}
	warnings, err := judge(cfg, mode(d))
	for _, w := range warnings {
		c.add(provision.SeverityWarning, pathIn(w), "%s", w)
	}
	for _, message := range each(err, "") {
		c.add(provision.SeverityError, pathIn(message), "%s", message)
	}
	c.files(cfg)
}

// files finds what Talos accepts and then stumbles over at boot.
func (c *checker) files(cfg config.Provider) {
	raw := cfg.RawV1Alpha1()
	if raw == nil || raw.MachineConfig == nil {
		return
	}
	for i, f := range raw.MachineConfig.MachineFiles {
		if f != nil && f.FileOp == "create" && !writable(f.FilePath) {
			c.add(provision.SeverityError, fmt.Sprintf("machine.files[%d].path", i), "%q is outside /var, where Talos refuses to create files: the boot stops and the machine reboots; put it below /var", f.FilePath)
		}
	}
}

// read keeps the documents for their lines and says why Talos's reader should
// not see them: they hold too much.
func (c *checker) read() error {
	dec := yaml.NewDecoder(strings.NewReader(c.text))
	values := 0
	for {
		var doc yaml.Node
		switch err := dec.Decode(&doc); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil && len(c.text) > maxOdd:
			return err
		case err != nil:
			return nil // Talos's own reader has the last word
		}
		if values += count(&doc); values > maxValues {
			return fmt.Errorf("it holds more than %d keys and values", maxValues)
		}
		if len(doc.Content) > 0 {
			c.roots = append(c.roots, doc.Content[0])
		}
	}
}

// count counts the node and all below it.
func count(n *yaml.Node) int {
	sum := 1
	for _, child := range n.Content {
		sum += count(child)
	}
	return sum
}

// unreadable says why the loader refused the text.
func (c *checker) unreadable(err error) {
	message := err.Error()
	before, unknown, found := strings.Cut(message, "unknown keys found during decoding:\n")
	if found {
		var tree yaml.Node
		if yaml.Unmarshal([]byte(unknown), &tree) == nil && len(tree.Content) > 0 && c.unknownKeys(before, tree.Content[0]) {
			return
		}
		message = "it has keys that Talos does not know, and refuses the whole file for them"
	}
	f := provision.Finding{Severity: provision.SeverityError, Message: strings.TrimSpace(message)}
	if lines := regexp.MustCompile(`\bline (\d{1,7})\b`).FindAllStringSubmatch(message, -1); len(lines) > 0 {
		f.Line, _ = strconv.Atoi(lines[len(lines)-1][1]) // the last is the innermost
	}
	c.found = append(c.found, f)
}

// unknownKeys finds the keys that the loader does not know in the document
// whose line it named, and says each of them.
func (c *checker) unknownKeys(before string, tree *yaml.Node) bool {
	line := regexp.MustCompile(`\(line (\d{1,7})\)`).FindStringSubmatch(before)
	for _, root := range c.roots {
		if line == nil || strconv.Itoa(root.Line) != line[1] {
			continue
		}
		c.walk("", tree, root)
		return len(c.found) > 0
	}
	return false
}

// walk goes down both trees. The loader's holds unknown keys with all that is
// below them, so where both are equal the key itself is the unknown one.
func (c *checker) walk(at string, unknown, source *yaml.Node) {
	if unknown.Kind == yaml.SequenceNode && source.Kind == yaml.SequenceNode {
		c.walkItems(at, unknown.Content, source.Content)
		return
	}
	if unknown.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i+1 < len(unknown.Content); i += 2 {
		key := unknown.Content[i].Value
		below := value(source, key)
		if below == nil {
			continue
		}
		full := strings.TrimPrefix(at+"."+key, ".")
		section := full == "machine" || full == "cluster"
		if section || !same(unknown.Content[i+1], below) {
			c.walk(full, unknown.Content[i+1], below)
			continue
		}
		c.add(provision.SeverityError, full, "Talos knows no key %q here and refuses the whole file for it; see the reference of the machine config for its name and place", key)
	}
}

// walkItems pairs the items that hold unknown keys, in order, with those of
// the source, of which the loader left out the good ones.
func (c *checker) walkItems(at string, unknown, source []*yaml.Node) {
	next := 0
	for _, item := range unknown {
		for ; next < len(source); next++ {
			if len(item.Content) > 0 && value(source[next], item.Content[0].Value) != nil {
				c.walk(fmt.Sprintf("%s[%d]", at, next), item, source[next])
				next++
				break
			}
		}
	}
}

// same reports whether both trees say the same, whatever their style.
func same(a, b *yaml.Node) bool {
	x, errX := yaml.Marshal(a)
	y, errY := yaml.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

// value is that of a mapping's key, nil when there is none.
func value(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

// position finds a path such as machine.files[0].path in one of the
// documents; where only its beginning is there, that.
func position(roots []*yaml.Node, at string) (line, column int) {
	parts := strings.FieldsFunc(at, func(r rune) bool { return r == '.' || r == '[' || r == ']' })
	for _, root := range roots {
		n := root
		for _, part := range parts {
			next := value(n, part)
			if index, err := strconv.Atoi(part); err == nil && n.Kind == yaml.SequenceNode && index >= 0 && index < len(n.Content) {
				next = n.Content[index]
			}
			if next == nil {
				break
			}
			n = next
		}
		if n != root {
			return n.Line, n.Column
		}
	}
	return 0, 0
}

// pathIn is the field that a message of Talos names, such as
// "(.machine.ca.key)".
func pathIn(message string) string {
	if m := regexp.MustCompile(`\(?\.?\b((?:machine|cluster)(?:\.[A-Za-z0-9]+)+)`).FindStringSubmatch(message); m != nil {
		return m[1]
	}
	return ""
}

// each takes Talos's error apart into its single messages.
func each(err error, prefix string) []string {
	var parts []error
	var many interface{ WrappedErrors() []error }
	var joined interface{ Unwrap() []error }
	switch {
	case err == nil:
		return nil
	case errors.As(err, &many):
		parts = many.WrappedErrors()
	case errors.As(err, &joined):
		parts = joined.Unwrap()
	}
	if len(parts) == 0 {
		return []string{prefix + err.Error()}
	}
	if document, _, found := strings.Cut(err.Error(), ": "); found && strings.Contains(document, "/") && !strings.ContainsAny(document, " \n") {
		prefix = document + ": "
	}
	var list []string
	for _, part := range parts {
		list = append(list, each(part, prefix)...)
	}
	return list
}

// metaData checks the keys that Talos reads of a NoCloud meta-data file.
func (c *checker) metaData() {
	root := c.mapping()
	if root == nil {
		return
	}
	known := " hostname local-hostname public-hostname instance-id instance-type provider-id region zone "
	for i := 0; i+1 < len(root.Content); i += 2 {
		key := root.Content[i].Value
		if !strings.Contains(known, " "+key+" ") {
			c.add(provision.SeverityWarning, key, "Talos does not read %q here; it reads%s", key, strings.TrimRight(known, " "))
		}
	}
	for _, key := range []string{"hostname", "local-hostname"} {
		if value(root, key) != nil {
			c.add(provision.SeverityWarning, key, "Talos reads a host name here only when there is a network-config too, and it can conflict with a HostnameConfig; give it once, as HostnameConfig in user-data")
		}
	}
}

// networkConfig checks that Talos can tell the version of the file.
func (c *checker) networkConfig() {
	root := c.mapping()
	if root == nil {
		return
	}
	if inner := value(root, "network"); inner != nil {
		root = inner
	}
	if version := value(root, "version"); version == nil || version.Value != "1" && version.Value != "2" {
		c.add(provision.SeverityError, "version", "Talos reads version 1 and version 2; write version: 2")
	}
}

// mapping is the root of a text that must be one mapping.
func (c *checker) mapping() *yaml.Node {
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(c.text), &doc); err != nil {
		c.unreadable(err)
		return nil
	}
	if len(doc.Content) == 0 || doc.Content[0].Kind != yaml.MappingNode {
		c.add(provision.SeverityError, "", "it must be a YAML mapping, such as instance-id: node1")
		return nil
	}
	c.roots = []*yaml.Node{doc.Content[0]}
	return doc.Content[0]
}
