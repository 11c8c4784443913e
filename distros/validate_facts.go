package distros

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// maxValueRunes bounds a fact's sentence, which must fit into a table.
const maxValueRunes = 200

func (c *checker) day(value string, path ...any) bool {
	_, err := time.Parse(time.DateOnly, value)
	if err != nil {
		c.bad(fmt.Sprintf("%q is not a day, such as 2026-08-21", clip(value, 64)), path...)
	}
	return err == nil
}

func (c *checker) support(s Support) {
	c.oneOf(s.State, supportStates(), "support", "state")
	good := true
	for _, d := range []struct{ field, day string }{{"since", s.Since}, {"until", s.Until}, {"extended_until", s.ExtendedUntil}} {
		good = (d.day == "" || c.day(d.day, "support", d.field)) && good
	}
	if good && s.Until != "" && s.ExtendedUntil != "" && s.Until > s.ExtendedUntil {
		c.bad(fmt.Sprintf("%s is before until (%s); extended support ends last", s.ExtendedUntil, s.Until), "support", "extended_until")
	}
	if s.Until+s.ExtendedUntil != "" && s.Source == "" {
		c.bad("is empty; say where the days come from, as owner/repo:path or URL", "support", "source")
	}
}

func (c *checker) facts(facts []Fact, state string) {
	seen := map[string]bool{}
	for i, f := range facts {
		about, known := criterion(f.Key)
		c.oneOf(f.Key, criterionKeys(), "facts", i, "key")
		if seen[f.Key] && !about.Many {
			c.bad(fmt.Sprintf("%q is given twice", clip(f.Key, 64)), "facts", i, "key")
		}
		seen[f.Key] = true
		if known {
			c.class(f, about, state, i)
		}
		c.filled(f.Value, "facts", i, "value")
		if n := utf8.RuneCountInString(f.Value); n > maxValueRunes {
			c.bad(fmt.Sprintf("has %d characters; at most %d are allowed, because it stands in a table", n, maxValueRunes), "facts", i, "value")
		}
		if f.Source == "" && !f.Unconfirmed {
			c.bad("is empty; name it as owner/repo:path or URL, or mark the fact unconfirmed", "facts", i, "source")
		}
		c.day(f.Checked, "facts", i, "checked")
	}
}

// class checks the short answer of the i-th fact against its criterion and, for
// the fact on support, against the entry's own state.
func (c *checker) class(f Fact, about Criterion, state string, i int) {
	allowed := strings.Join(about.Classes, ", ")
	switch {
	case f.Key == "support" && state == "unconfirmed" && !f.Unconfirmed:
		c.bad("must be true, as support.state is unconfirmed", "facts", i, "unconfirmed")
	case !about.Classed() && f.Class != "":
		c.bad(fmt.Sprintf("%s has no classes; leave it out", f.Key), "facts", i, "class")
	case about.Classed() && f.Class == "" && !f.Unconfirmed:
		c.bad(fmt.Sprintf("is missing; %s takes one of %s", f.Key, allowed), "facts", i, "class")
	case f.Class != "" && !slices.Contains(about.Classes, f.Class):
		c.bad(fmt.Sprintf("%q is not one of %s", clip(f.Class, 64), allowed), "facts", i, "class")
	case f.Key == "support" && f.Class != "" && f.Class != state:
		c.bad(fmt.Sprintf("%q is not the support.state of this entry, %q", f.Class, clip(state, 64)), "facts", i, "class")
	}
}
