package clc

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/flatcar/container-linux-config-transpiler/config/types"
	old "github.com/flatcar/ignition/config/v2_3/types"

	"distrolab/provision"
	"distrolab/provision/ignition"
	"distrolab/provision/internal/yamldoc"
)

// The dialect of Butane that is written: the newest one for Flatcar.
const (
	butaneVariant = "flatcar"
	butaneVersion = "1.1.0"
)

// ToButane turns a Container Linux Config into Butane for Flatcar. What could
// not be carried over, or is no longer quite the same, is in lost, each with
// the field and what to do; the Butane has passed Butane's own strict check.
// An error says that the text is no valid Container Linux Config.
func ToButane(name string, text []byte) (string, []provision.Gap, error) {
	cfg, ast, findings, err := parse(string(text))
	if err != nil {
		return "", nil, fmt.Errorf("converting %q: %w", name, err)
	}
	if fatal(findings) {
		return "", nil, fmt.Errorf("converting %q: it is no valid Container Linux Config: %w", name, asError(findings))
	}
	c := &carrier{}
	c.unknown(findings)
	c.withoutLocal(&cfg)
	c.withoutDynamic(&cfg)
	out, findings, err := convert(cfg, nil) // without the tree, whose places the parts left out have shifted
	if err != nil {
		return "", nil, fmt.Errorf("converting %q: %w", name, err)
	}
	if fatal(findings) {
		_, findings, _ := convert(cfg, ast) // which knows the lines
		return "", nil, fmt.Errorf("converting %q: it is no valid Container Linux Config: %w", name, asError(findings))
	}
	c.cfg, c.old = cfg, out
	c.ignition()
	c.passwd()
	c.disks()
	c.nodes()
	c.units()
	document, err := c.accepted(name)
	if err != nil {
		return "", nil, fmt.Errorf("converting %q: %w", name, err)
	}
	return document, c.lost, nil
}

// carrier carries a config over, part by part.
type carrier struct {
	cfg      types.Config // as the person wrote it
	old      old.Config   // as the transpiler understood it
	origin   []int        // index in the person's file of each file that is left
	lost     []provision.Gap
	lists    map[string][]entry
	replace  yamldoc.Node // ignition.config.replace
	timeouts yamldoc.Node
	mounted  map[string]*string // where each named filesystem is mounted; nil where nobody says
}

// entry is one item of a list of the Butane document.
type entry struct {
	node  yamldoc.Node
	field string // where it was in the Container Linux Config
}

// The lists of a Butane document, by their paths.
const (
	mergeList      = "ignition.config.merge"
	authorityList  = "ignition.security.tls.certificate_authorities"
	userList       = "passwd.users"
	groupList      = "passwd.groups"
	diskList       = "storage.disks"
	raidList       = "storage.raid"
	filesystemList = "storage.filesystems"
	fileList       = "storage.files"
	directoryList  = "storage.directories"
	linkList       = "storage.links"
	unitList       = "systemd.units"
)

// add puts an item at the end of a list.
func (c *carrier) add(list, field string, pairs ...yamldoc.Pair) {
	if c.lists == nil {
		c.lists = map[string][]entry{}
	}
	c.lists[list] = append(c.lists[list], entry{node: yamldoc.Map(pairs...), field: field})
}

// lose says that something was not carried over, or not quite.
func (c *carrier) lose(field, reason string, args ...any) {
	c.lost = append(c.lost, provision.Gap{Field: field, Reason: fmt.Sprintf(reason, args...)})
}

// unknown loses the keys that the transpiler itself ignores.
func (c *carrier) unknown(findings []provision.Finding) {
	for _, f := range findings {
		if key, found := strings.CutPrefix(f.Message, "Config has unrecognized key: "); found {
			c.lose(key, "line %d: the format has no such key, so it never had an effect; look for a slip of spelling", f.Line)
		}
	}
}

// withoutLocal takes out the files whose content lies on somebody's disk.
func (c *carrier) withoutLocal(cfg *types.Config) {
	var kept []types.File
	for i, f := range cfg.Storage.Files {
		if f.Contents.Local != "" {
			c.lose(fmt.Sprintf("storage.files[%d]", i), "its content is the local file %s, which is not read here; write the file into the Butane text with contents.local, and give butane its --files-dir", f.Contents.Local)
			continue
		}
		kept, c.origin = append(kept, f), append(c.origin, i)
	}
	cfg.Storage.Files = kept
}

// withoutDynamic takes out the sections that only a cloud could fill in, and
// says of the others what has become of their programs.
func (c *carrier) withoutDynamic(cfg *types.Config) {
	const dynamic = "it has dynamic data such as {PRIVATE_IPV4}, which Butane does not know; write the unit's drop-in by hand, with EnvironmentFile=/run/metadata/flatcar and the variables of coreos-metadata.service"
	const carried = "carried over as a drop-in of %s, as the transpiler writes it; where a release has no such unit any more (systemctl cat %s), run the program as a container"
	if cfg.Etcd != nil {
		if _, findings, err := convert(types.Config{Etcd: cfg.Etcd}, nil); err != nil || fatal(findings) {
			c.lose("etcd", dynamic)
			cfg.Etcd = nil
		} else {
			c.lose("etcd", carried, "etcd-member.service", "etcd-member.service")
		}
	}
	if cfg.Flannel != nil {
		if _, findings, err := convert(types.Config{Flannel: cfg.Flannel}, nil); err != nil || fatal(findings) {
			c.lose("flannel", dynamic)
			cfg.Flannel = nil
		} else {
			c.lose("flannel", carried, "flanneld.service", "flanneld.service")
		}
	}
}

// rounds is how often a document is written anew without what Butane refused.
const rounds = 20

// accepted is the document that Butane accepts strictly: what it refuses or
// warns of is taken out and told.
func (c *carrier) accepted(name string) (string, error) {
	for range rounds {
		body, err := yamldoc.Marshal(c.document())
		if err != nil {
			return "", err
		}
		text := fmt.Sprintf("# Converted from %q by distrolab.\n%s", name, body)
		refused := ignition.Refused(text)
		if len(refused) == 0 {
			return text, nil
		}
		if !c.prune(refused) {
			return "", fmt.Errorf("what it became is refused by Butane: %w", asError(refused))
		}
	}
	return "", errors.New("too much of it is refused by Butane")
}

// prune takes out the items that findings speak of, and tells of each. It
// reports whether there were any.
func (c *carrier) prune(findings []provision.Finding) bool {
	place := regexp.MustCompile(`^([a-z_.]+)\[(\d+)\]`)
	refused := map[string]map[int]string{}
	for _, f := range findings {
		found := place.FindStringSubmatch(f.Path)
		if found == nil {
			continue
		}
		i, err := strconv.Atoi(found[2])
		if err != nil || i >= len(c.lists[found[1]]) {
			continue
		}
		if refused[found[1]] == nil {
			refused[found[1]] = map[int]string{}
		}
		refused[found[1]][i] = f.Message
	}
	for _, list := range slices.Sorted(maps.Keys(refused)) {
		items := refused[list]
		var kept []entry
		for i, item := range c.lists[list] {
			if message, is := items[i]; is {
				c.lose(item.field, "left out, since Butane refuses it: %s", message)
				continue
			}
			kept = append(kept, item)
		}
		c.lists[list] = kept
	}
	return len(refused) > 0
}
