package release

import (
	"context"
	"fmt"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"distrolab/distros/web"
)

// readListing returns the names that a web server's listing of a directory
// links to, folders with a slash at their end. Links that lead elsewhere, such
// as to the parent or to the columns' sorting, are passed over.
func readListing(page []byte) []string {
	link := regexp.MustCompile(`(?i)<a\s[^>]*href\s*=\s*["']([^"']{1,300})["']`)
	var names []string
	seen := map[string]bool{}
	for _, match := range link.FindAllSubmatch(page, -1) {
		name, err := url.PathUnescape(strings.TrimPrefix(html.UnescapeString(string(match[1])), "./"))
		if err != nil || !isName(strings.TrimSuffix(name, "/")) || seen[name] {
			continue
		}
		seen[name] = true
		names = append(names, name)
	}
	return names
}

// candidate is a file that a directory or a list offers.
type candidate struct {
	name    string
	version string // empty: the name has none, as that of a file which moves
}

// candidates are the names that match a pattern with a group "version", the
// newest first.
func candidates(names []string, pattern *regexp.Regexp) []candidate {
	var all []candidate
	for _, name := range names {
		match := pattern.FindStringSubmatch(name)
		if match == nil {
			continue
		}
		version := match[pattern.SubexpIndex("version")]
		if version == "" || isVersion(version) {
			all = append(all, candidate{name: name, version: version})
		}
	}
	newestFirst(all)
	return all
}

func newestFirst(all []candidate) {
	slices.SortStableFunc(all, func(a, b candidate) int { return compareVersions(b.version, a.version) })
}

// choose takes the version asked for, or the newest.
func choose(all []candidate, version string) (candidate, error) {
	if len(all) == 0 {
		return candidate{}, fmt.Errorf("it names no image of this system and architecture")
	}
	if version == "" {
		return all[0], nil
	}
	for _, c := range all {
		if c.version == version {
			return c, nil
		}
	}
	return candidate{}, fmt.Errorf("it has no image of version %s; it has %s", version, offers(all))
}

// offers names some versions for a message.
func offers(all []candidate) string {
	var versions []string
	for _, c := range all {
		if !slices.Contains(versions, c.version) {
			versions = append(versions, c.version)
		}
	}
	if len(versions) > 5 {
		return strings.Join(versions[:5], ", ") + " and older ones"
	}
	return strings.Join(versions, ", ")
}

// list asks for a directory's listing and returns the matching files.
func list(ctx context.Context, client *web.Client, directory string, pattern *regexp.Regexp) ([]candidate, error) {
	page, err := client.Page(ctx, directory, maxIndexBytes)
	if err != nil {
		return nil, err
	}
	return candidates(readListing(page), pattern), nil
}
