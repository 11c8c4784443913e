package app

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"distrolab/provision"
)

// writeConfig writes what was rendered below a directory and prints the paths.
func (a *application) writeConfig(dir string, r rendition, force bool) error {
	paths, err := writeFiles(dir, r, force)
	for _, p := range paths {
		fmt.Fprintln(a.world.Out, p)
	}
	if err != nil {
		return err
	}
	if r.made != nil {
		fmt.Fprintf(a.world.Err, "%s was made for this rendering; give it by --secrets with every config of the same cluster\n", filepath.Join(dir, secretsName))
	}
	return nil
}

// writeFiles writes what was rendered below a directory and returns the paths.
// Configs may hold secrets: files are for their owner alone. Nothing is written
// unless all of it can be; a file in the way is fs.ErrExist.
func writeFiles(dir string, r rendition, force bool) ([]string, error) {
	docs := append(slices.Clone(r.config.Sources), r.config.Documents...)
	if r.made != nil {
		docs = append(docs, provision.Document{Name: secretsName, Content: string(r.made)})
	}
	docs, err := oneOfEach(docs)
	if err != nil {
		return nil, fmt.Errorf("writing config: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("writing config: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("writing config: %w", err)
	}
	defer root.Close()
	for _, doc := range docs {
		if err := checkPlace(root, doc.Name, force); err != nil {
			return nil, usage(fmt.Errorf("writing config below %s: %w", dir, err))
		}
	}
	var paths []string
	for _, doc := range docs {
		if err := writeDocument(root, doc); err != nil {
			return paths, fmt.Errorf("writing config below %s: %w", dir, err)
		}
		paths = append(paths, filepath.Join(dir, filepath.FromSlash(doc.Name)))
	}
	return paths, nil
}

// takenError says that a file is there that was not to be replaced.
type takenError struct{ name, hint string }

func (e takenError) Error() string { return e.name + " is there already" + e.hint }

// Unwrap makes it one of the errors that everybody knows.
func (e takenError) Unwrap() error { return fs.ErrExist }

// oneOfEach refuses two documents of one name, unless they are the same: what
// a person writes may be what the guest reads.
func oneOfEach(docs []provision.Document) ([]provision.Document, error) {
	var kept []provision.Document
	for _, doc := range docs {
		i := slices.IndexFunc(kept, func(k provision.Document) bool { return k.Name == doc.Name })
		if i >= 0 && kept[i] != doc {
			return nil, fmt.Errorf("two documents are called %q; please report this", doc.Name)
		}
		if i < 0 {
			kept = append(kept, doc)
		}
	}
	return kept, nil
}

// checkPlace refuses a name that is not below the directory, a way through a
// symbolic link, and a file that is there, unless it may be replaced.
func checkPlace(root *os.Root, name string, force bool) error {
	if !fs.ValidPath(name) || name == "." || strings.ContainsRune(name, '\\') {
		return fmt.Errorf("%q is no place below it", name)
	}
	for parent := path.Dir(name); parent != "."; parent = path.Dir(parent) {
		info, err := root.Lstat(parent)
		if err == nil && !info.IsDir() {
			return fmt.Errorf("%s is there and is no directory", parent)
		}
	}
	info, err := root.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.IsDir():
		return fmt.Errorf("%s is a directory", name)
	case !force:
		return takenError{name, "; choose another directory, or replace it with --force"}
	}
	return nil
}

// writeDocument writes a new file and puts it in its place, so that the place
// holds the old text or the new one, and no link is followed.
func writeDocument(root *os.Root, doc provision.Document) error {
	if err := root.MkdirAll(path.Dir(doc.Name), 0o700); err != nil {
		return err
	}
	part := doc.Name + ".part"
	f, err := root.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is left from an earlier run; remove it", part)
	}
	if err != nil {
		return err
	}
	_, err = f.WriteString(doc.Content)
	err = errors.Join(err, f.Close())
	if err == nil {
		err = root.Rename(part, doc.Name)
	}
	if err != nil {
		return errors.Join(err, root.Remove(part))
	}
	return nil
}
