package image

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Files of the store are read-only and never written in place, so images that
// have the same file share it as hard links.

// link makes a path another name of a file that the store has. It says false
// if the store has none; then the file must be brought.
func (s *Store) link(want File, path string) bool {
	images, _ := s.List() //nolint:errcheck // a damaged image is as good as none
	for _, i := range images {
		for role, have := range i.Manifest.Files {
			if have.SHA256 == want.SHA256 && have.Size == want.Size && have.Format == want.Format && untouched(i.Path(role), have) &&
				os.Link(i.Path(role), path) == nil { // a link may fail: removed meanwhile, or too many names
				return true
			}
		}
	}
	return false
}

// untouched reports whether a file looks as the store left it.
func untouched(path string, f File) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Mode() == 0o444 && info.Size() == f.Size
}

// linkHeld makes a path another name of a remote file that the store has under
// its final digest, so that it need not be fetched. A signature that covers
// other bytes than those must be checked, so there the file is fetched.
func (s *Store) linkHeld(r Remote, path string) (File, bool) {
	sum := r.final()
	if sum == "" || r.Signature != nil {
		return File{}, false
	}
	images, _ := s.List() //nolint:errcheck // a damaged image is as good as none
	for _, i := range images {
		for _, f := range i.Manifest.Files {
			fits := r.Format == f.Format || r.Format == "" && slices.Contains(formatsOf(r.Role), f.Format)
			if strings.EqualFold(f.SHA256, sum) && fits && s.link(f, path) {
				f.Name = filepath.Base(path)
				return f, true
			}
		}
	}
	return File{}, false
}

// share replaces a finished file by a link to the same one of another image.
func (s *Store) share(path string, f File) (File, error) {
	other := path + ".shared"
	if !s.link(f, other) {
		return f, nil
	}
	return f, os.Rename(other, path)
}
