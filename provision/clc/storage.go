package clc

import (
	"fmt"
	"path"
	"strings"

	old "github.com/flatcar/ignition/config/v2_3/types"
	"github.com/vincent-petithory/dataurl"

	"distrolab/provision/internal/yamldoc"
)

// disks carries over disks, RAID and filesystems.
func (c *carrier) disks() {
	for i, d := range c.old.Storage.Disks {
		field := fmt.Sprintf("storage.disks[%d]", i)
		var partitions []yamldoc.Node
		for _, p := range d.Partitions {
			partitions = append(partitions, yamldoc.Map(
				c.optional(field, "label", p.Label),
				number("number", &p.Number),
				number("size_mib", p.SizeMiB),
				number("start_mib", p.StartMiB),
				c.text(field, "type_guid", p.TypeGUID),
				c.text(field, "guid", p.GUID),
			))
		}
		c.add(diskList, field,
			c.text(field, "device", d.Device),
			set("wipe_table", d.WipeTable),
			yamldoc.Pair{Key: "partitions", Value: yamldoc.List(partitions...)},
		)
	}
	for i, r := range c.old.Storage.Raid {
		field := fmt.Sprintf("storage.raid[%d]", i)
		spares := number("spares", &r.Spares)
		if r.Spares == 0 {
			spares.Value = yamldoc.Node{}
		}
		c.add(raidList, field,
			c.text(field, "name", r.Name),
			c.text(field, "level", r.Level),
			texts(c, field, "devices", r.Devices),
			spares,
			texts(c, field, "options", r.Options),
		)
	}
	c.filesystems()
}

// filesystems carries over the filesystems. In the old format a file names the
// filesystem it is on; in Butane its path says so, by where that is mounted.
func (c *carrier) filesystems() {
	root := ""
	c.mounted = map[string]*string{"root": &root}
	points := c.mountPoints()
	for i, fs := range c.old.Storage.Filesystems {
		field := fmt.Sprintf("storage.filesystems[%d]", i)
		if fs.Mount == nil {
			c.place(field, fs)
			continue
		}
		where, known := points[fs.Mount.Device]
		if known {
			c.mounted[fs.Name] = &where
		} else if fs.Name != "root" {
			c.mounted[fs.Name] = nil
			c.lose(field, "carried over, but nothing says where it is mounted; if no other config mounts it, add its path and with_mount_unit: true")
		}
		options, wipe := texts(c, field, "options", fs.Mount.Options), fs.Mount.WipeFilesystem
		if made := fs.Mount.Create; made != nil {
			options, wipe = texts(c, field, "options", made.Options), made.Force
			if !made.Force {
				c.lose(field+".mount.create", "a filesystem that is there already is now kept when it fits, where create refused it")
			}
		}
		c.add(filesystemList, field,
			c.text(field, "device", fs.Mount.Device),
			c.text(field, "path", where),
			c.text(field, "format", fs.Mount.Format),
			set("wipe_filesystem", wipe),
			c.optional(field, "label", fs.Mount.Label),
			c.optional(field, "uuid", fs.Mount.UUID),
			options,
		)
	}
}

// place takes a filesystem that only names a directory of the system.
func (c *carrier) place(field string, fs old.Filesystem) {
	if fs.Path == nil {
		return
	}
	below, found := strings.CutPrefix(path.Clean(*fs.Path), "/sysroot")
	if !found || below != "" && !strings.HasPrefix(below, "/") {
		c.mounted[fs.Name] = nil
		c.lose(field, "%s is not below /sysroot, where the system is while Ignition runs; Butane writes there only", *fs.Path)
		return
	}
	c.mounted[fs.Name] = &below
}

// target is where a node of the old format is on the machine; false, and lost,
// where nobody knows.
func (c *carrier) target(field string, n old.Node) (string, bool) {
	below, known := c.mounted[n.Filesystem]
	switch {
	case known && below != nil:
		return path.Join("/", *below, n.Path), true
	case n.Filesystem == "oem":
		c.lose(field, "it is on the OEM partition, which is mounted at /oem (in older releases at /usr/share/oem); write it there by hand: %s", path.Join("/oem", n.Path))
	default:
		c.lose(field, "it is on the filesystem %q, and nothing says where that is mounted; write it below its path by hand", n.Filesystem)
	}
	return "", false
}

// nodes carries over directories, files and links.
func (c *carrier) nodes() {
	for i, d := range c.old.Storage.Directories {
		field := fmt.Sprintf("storage.directories[%d]", i)
		if to, ok := c.target(field, d.Node); ok {
			c.add(directoryList, field, append([]yamldoc.Pair{
				c.text(field, "path", to),
				c.mode(field, d.Mode),
				overwrite(d.Overwrite, false),
			}, c.owner(field, d.Node)...)...)
		}
	}
	c.files()
	for i, l := range c.old.Storage.Links {
		field := fmt.Sprintf("storage.links[%d]", i)
		if to, ok := c.target(field, l.Node); ok {
			c.add(linkList, field, append([]yamldoc.Pair{
				c.text(field, "path", to),
				c.text(field, "target", l.Target),
				set("hard", l.Hard),
				overwrite(l.Overwrite, false),
			}, c.owner(field, l.Node)...)...)
		}
	}
}

// onePath is all that a config says of one path.
type onePath struct {
	field     string
	node      old.Node
	mode      yamldoc.Pair
	contents  yamldoc.Node
	overwrite yamldoc.Pair
	appends   []yamldoc.Node
}

// files carries over the files. The old format may name a path several times,
// to append to it; in Butane a path has one entry with a list of what follows.
func (c *carrier) files() {
	var order []string
	paths := map[string]*onePath{}
	for i, f := range c.old.Storage.Files {
		field, mode := "update", f.Mode
		if i < len(c.origin) {
			field = fmt.Sprintf("storage.files[%d]", c.origin[i])
			mode = c.cfg.Storage.Files[i].Mode
		}
		to, ok := c.target(field, f.Node)
		if !ok {
			continue
		}
		if to == "/etc/coreos/update.conf" && field == "update" {
			to = "/etc/flatcar/update.conf"
		}
		contents, ok := c.contents(field, f.Contents)
		if !ok {
			continue
		}
		if paths[to] == nil {
			order = append(order, to)
			paths[to] = &onePath{field: field, node: f.Node, mode: yamldoc.Pair{Key: "mode"}}
		}
		p := paths[to]
		if mode != nil || !f.Append {
			p.mode = c.mode(field, f.Mode)
		}
		if f.Append {
			p.appends = append(p.appends, contents)
			continue
		}
		if p.contents != (yamldoc.Node{}) || p.appends != nil {
			c.lose(p.field, "a later entry for %s takes its place, as before", to)
		}
		p.field, p.node, p.contents, p.appends = field, f.Node, contents, nil
		p.overwrite = overwrite(f.Overwrite, true)
	}
	for _, to := range order {
		p := paths[to]
		c.add(fileList, p.field, append([]yamldoc.Pair{
			c.text(p.field, "path", to),
			p.mode,
			p.overwrite,
			{Key: "contents", Value: p.contents},
			{Key: "append", Value: yamldoc.List(p.appends...)},
		}, c.owner(p.field, p.node)...)...)
	}
	c.networkd()
}

// networkd carries over the files of networkd, which had a section of its own.
func (c *carrier) networkd() {
	for i, u := range c.old.Networkd.Units {
		field := fmt.Sprintf("networkd.units[%d]", i)
		if u.Contents != "" {
			c.networkFile(field, u.Name, u.Contents)
		}
		for _, d := range u.Dropins {
			c.networkFile(field, path.Join(u.Name+".d", d.Name), d.Contents)
		}
	}
}

func (c *carrier) networkFile(field, name, contents string) {
	if strings.Contains(name, "..") || !yamldoc.Plain(contents) {
		c.lose(field, "the name %q or its contents are no text that a file of networkd may have; write it by hand", name)
		return
	}
	inline := yamldoc.Pair{Key: "inline", Value: yamldoc.Text(contents)}
	if contents == "" {
		inline = yamldoc.Pair{Key: "source", Value: yamldoc.Quoted("data:,")}
	}
	mode := 0o644
	c.add(fileList, field,
		c.text(field, "path", networkDir+name),
		c.mode(field, &mode),
		yamldoc.Pair{Key: "overwrite", Value: yamldoc.Bool(true)},
		yamldoc.Pair{Key: "contents", Value: yamldoc.Map(inline)},
	)
}

// contents is what a file holds: text that can be read where it was inline.
func (c *carrier) contents(field string, of old.FileContents) (yamldoc.Node, bool) {
	if of.Compression == "" && of.Verification.Hash == nil {
		if data, err := dataurl.DecodeString(of.Source); err == nil && len(data.Data) > 0 && yamldoc.Plain(string(data.Data)) {
			return yamldoc.Map(yamldoc.Pair{Key: "inline", Value: yamldoc.Text(string(data.Data))}), true
		}
	}
	pairs := c.resource(field, of.Source, of.Verification)
	if pairs == nil {
		return yamldoc.Node{}, false
	}
	return yamldoc.Map(append(pairs, c.text(field, "compression", of.Compression))...), true
}

// mode is what may be done with a file. The bits beyond 0777 need a newer
// version of Butane than there is for Flatcar.
func (c *carrier) mode(field string, mode *int) yamldoc.Pair {
	if mode == nil {
		return yamldoc.Pair{Key: "mode"}
	}
	if *mode&^0o777 != 0 {
		c.lose(field+".mode", "%#o is carried over as %#o: Butane for Flatcar does not set the setuid, setgid and sticky bits; let a unit run chmod", *mode, *mode&0o777)
	}
	return yamldoc.Pair{Key: "mode", Value: yamldoc.Octal(*mode & 0o777)}
}

// overwrite says what becomes of what is there: the old format replaced files
// unless told otherwise, Butane does not.
func overwrite(told *bool, usual bool) yamldoc.Pair {
	if told != nil {
		return yamldoc.Pair{Key: "overwrite", Value: yamldoc.Bool(*told)}
	}
	return set("overwrite", usual)
}

// owner is the user and the group of a node.
func (c *carrier) owner(field string, n old.Node) []yamldoc.Pair {
	var pairs []yamldoc.Pair
	if n.User != nil {
		pairs = append(pairs, group("user", number("id", n.User.ID), c.text(field, "name", n.User.Name)))
	}
	if n.Group != nil {
		pairs = append(pairs, group("group", number("id", n.Group.ID), c.text(field, "name", n.Group.Name)))
	}
	return pairs
}
