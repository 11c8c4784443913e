package distros

import (
	"fmt"
	"slices"
)

// aliases checks the other names of one entry.
func (c *checker) aliases(d Distro) {
	for i, alias := range d.Aliases {
		c.match(alias, aliasForm, "another name: small letters, digits, . and -, at most 64", "aliases", i)
		if alias == d.Name || slices.Contains(d.Aliases[:i], alias) {
			c.bad(fmt.Sprintf("%q is given twice", clip(alias, 64)), "aliases", i)
		}
	}
}

// foreignAliases notes the aliases of an entry that are the name or an alias of
// another one. Others may hold the entry itself.
func (c *checker) foreignAliases(d Distro, others []Distro) {
	for i, alias := range d.Aliases {
		for _, other := range others {
			if other.Name != d.Name && other.answersTo(alias) {
				c.bad(fmt.Sprintf("%q is a name of %s already", clip(alias, 64), clip(other.Name, 64)), "aliases", i)
			}
		}
	}
}

// answersTo says whether a name or alias is the entry's.
func (d Distro) answersTo(name string) bool {
	return d.Name == name || slices.Contains(d.Aliases, name)
}
