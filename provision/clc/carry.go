package clc

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	old "github.com/flatcar/ignition/config/v2_3/types"

	"distrolab/provision/internal/yamldoc"
)

// document is the whole as a tree, in the order people write it.
func (c *carrier) document() yamldoc.Node {
	list := func(path string) yamldoc.Pair {
		var nodes []yamldoc.Node
		for _, item := range c.lists[path] {
			nodes = append(nodes, item.node)
		}
		return yamldoc.Pair{Key: path[strings.LastIndex(path, ".")+1:], Value: yamldoc.List(nodes...)}
	}
	return yamldoc.Map(
		yamldoc.Pair{Key: "variant", Value: yamldoc.Text(butaneVariant)},
		yamldoc.Pair{Key: "version", Value: yamldoc.Text(butaneVersion)},
		group("ignition",
			group("config", list(mergeList), yamldoc.Pair{Key: "replace", Value: c.replace}),
			yamldoc.Pair{Key: "timeouts", Value: c.timeouts},
			group("security", group("tls", list(authorityList)))),
		group("passwd", list(userList), list(groupList)),
		group("storage", list(diskList), list(raidList), list(filesystemList), list(directoryList), list(fileList), list(linkList)),
		group("systemd", list(unitList)),
	)
}

// group is a mapping of what there is; nothing where there is nothing.
func group(key string, pairs ...yamldoc.Pair) yamldoc.Pair {
	pairs = slices.DeleteFunc(pairs, func(p yamldoc.Pair) bool { return p.Value == (yamldoc.Node{}) })
	if len(pairs) == 0 {
		return yamldoc.Pair{Key: key}
	}
	return yamldoc.Pair{Key: key, Value: yamldoc.Map(pairs...)}
}

// text is a string of a field; none where it is empty. What no YAML can hold
// exactly is lost.
func (c *carrier) text(field, key, value string) yamldoc.Pair {
	if value == "" {
		return yamldoc.Pair{Key: key}
	}
	if !yamldoc.Plain(value) {
		c.lose(field, "its %s has characters that are no text, such as control characters; write it by hand", key)
		return yamldoc.Pair{Key: key}
	}
	return yamldoc.Pair{Key: key, Value: yamldoc.Text(value)}
}

// optional is a string that may be there and empty.
func (c *carrier) optional(field, key string, value *string) yamldoc.Pair {
	if value != nil && *value == "" {
		return yamldoc.Pair{Key: key, Value: yamldoc.Quoted("")}
	}
	if value == nil {
		return yamldoc.Pair{Key: key}
	}
	return c.text(field, key, *value)
}

func number(key string, value *int) yamldoc.Pair {
	if value == nil {
		return yamldoc.Pair{Key: key}
	}
	return yamldoc.Pair{Key: key, Value: yamldoc.Int(*value)}
}

// set is a switch that is on; off is what Butane takes when nothing is said.
func set(key string, on bool) yamldoc.Pair {
	if !on {
		return yamldoc.Pair{Key: key}
	}
	return yamldoc.Pair{Key: key, Value: yamldoc.Bool(true)}
}

// texts is a list of strings.
func texts[S ~string](c *carrier, field, key string, values []S) yamldoc.Pair {
	var list []string
	for _, v := range values {
		if !yamldoc.Plain(string(v)) {
			c.lose(field, "one of its %s has characters that are no text; write it by hand", key)
			continue
		}
		list = append(list, string(v))
	}
	return yamldoc.Pair{Key: key, Value: yamldoc.Texts(list)}
}

// ignition carries over where further configs are, timeouts and authorities.
func (c *carrier) ignition() {
	const newSpec = "carried over; what stands at %s must be Ignition of spec 3 too, so convert it as well"
	for i, ref := range c.old.Ignition.Config.Append {
		field := fmt.Sprintf("ignition.config.append[%d]", i)
		if pairs := c.resource(field, ref.Source, ref.Verification); pairs != nil {
			c.add(mergeList, field, pairs...)
			c.lose(field, newSpec, ref.Source)
		}
	}
	if ref := c.old.Ignition.Config.Replace; ref != nil {
		const field = "ignition.config.replace"
		if pairs := c.resource(field, ref.Source, ref.Verification); pairs != nil {
			c.replace = yamldoc.Map(pairs...)
			c.lose(field, newSpec, ref.Source)
		}
	}
	timeouts := c.old.Ignition.Timeouts
	c.timeouts = group("", number("http_response_headers", timeouts.HTTPResponseHeaders), number("http_total", timeouts.HTTPTotal)).Value
	for i, ca := range c.old.Ignition.Security.CertificateAuthorities {
		field := fmt.Sprintf("ignition.security.tls.certificate_authorities[%d]", i)
		if pairs := c.resource(field, ca.Source, ca.Verification); pairs != nil {
			c.add(authorityList, field, pairs...)
		}
	}
}

// resource is what is to be fetched; nil, and lost, where nothing can fetch it.
func (c *carrier) resource(field, source string, v old.Verification) []yamldoc.Pair {
	address, err := url.Parse(source)
	switch {
	case err != nil || !yamldoc.Plain(source):
		c.lose(field, "its address is none; write it by hand")
		return nil
	case !slices.Contains([]string{"http", "https", "tftp", "s3", "data"}, address.Scheme):
		c.lose(field, "Ignition of today fetches nothing by %q; use http, https, tftp, s3 or data", address.Scheme)
		return nil
	}
	pairs := []yamldoc.Pair{{Key: "source", Value: yamldoc.Text(source)}}
	if v.Hash != nil {
		pairs = append(pairs, group("verification", c.text(field, "hash", *v.Hash)))
	}
	return pairs
}

// passwd carries over accounts and groups.
func (c *carrier) passwd() {
	for i, u := range c.old.Passwd.Users {
		field := fmt.Sprintf("passwd.users[%d]", i)
		if u.Create != nil {
			u = created(u)
			c.lose(field+".create", "its attributes are carried over to the user itself; an account that exists is then changed, where create refused it")
		}
		c.add(userList, field,
			c.text(field, "name", u.Name),
			c.optional(field, "password_hash", u.PasswordHash),
			texts(c, field, "ssh_authorized_keys", u.SSHAuthorizedKeys),
			number("uid", u.UID),
			c.text(field, "gecos", u.Gecos),
			c.text(field, "home_dir", u.HomeDir),
			set("no_create_home", u.NoCreateHome),
			c.text(field, "primary_group", u.PrimaryGroup),
			texts(c, field, "groups", u.Groups),
			set("no_user_group", u.NoUserGroup),
			set("system", u.System),
			set("no_log_init", u.NoLogInit),
			c.text(field, "shell", u.Shell),
		)
	}
	for i, g := range c.old.Passwd.Groups {
		field := fmt.Sprintf("passwd.groups[%d]", i)
		c.add(groupList, field,
			c.text(field, "name", g.Name),
			number("gid", g.Gid),
			c.text(field, "password_hash", g.PasswordHash),
			set("system", g.System),
		)
	}
}

// created is a user with the attributes of its create section.
func created(u old.PasswdUser) old.PasswdUser {
	with := u.Create
	u.UID, u.Gecos, u.HomeDir, u.NoCreateHome = with.UID, with.Gecos, with.HomeDir, with.NoCreateHome
	u.PrimaryGroup, u.NoUserGroup, u.System = with.PrimaryGroup, with.NoUserGroup, with.System
	u.NoLogInit, u.Shell, u.Groups = with.NoLogInit, with.Shell, nil
	for _, g := range with.Groups {
		u.Groups = append(u.Groups, old.Group(g))
	}
	return u
}
