package results

import (
	"archive/tar"
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Imported says what an import brought.
type Imported struct {
	Session   string   `json:"session"`
	Directory string   `json:"directory,omitempty"`
	Runs      int      `json:"runs"`      // that the store did not have
	Artefacts int      `json:"artefacts"` // raw logs
	Warnings  []string `json:"warnings"`  // what was left out, one sentence each
}

// Import takes a session in from a directory that [Store.Export] or an earlier
// version wrote, and leaves the directory as it is. Of a session that the store
// has, what it lacks is added: the same directory can be imported again.
func (s *Store) Import(ctx context.Context, dir string) (Imported, error) {
	in := Imported{Directory: dir, Warnings: []string{}}
	design, err := readLimited(filepath.Join(dir, SessionFile), maxSession)
	if err != nil {
		return in, fmt.Errorf("importing %s: %w; name a directory with a %s", dir, err, SessionFile)
	}
	session, err := decodeSession(design)
	if err != nil {
		return in, fmt.Errorf("importing %s: %w", dir, err)
	}
	in.Session = session.ID
	doing := fmt.Sprintf("importing session %s from %s", bounded(session.ID), dir)
	how, err := readEnd(dir)
	if err != nil {
		return in, fmt.Errorf("%s: %w", doing, err)
	}
	var n int64
	var files []File
	err = s.change(ctx, doing, func(tx *sql.Tx) error {
		if n, err = s.importDesign(ctx, tx, session, design, how); err != nil {
			return err
		}
		files, err = s.importRuns(ctx, tx, n, dir, &in)
		return err
	})
	if err != nil {
		return in, err
	}
	return in, s.failed(doing, s.importArtefacts(ctx, n, dir, files, &in))
}

// importDesign writes a session down, or finds the one that it is.
func (s *Store) importDesign(ctx context.Context, tx *sql.Tx, session Session, text []byte, how State) (int64, error) {
	var f found
	var known string
	err := tx.QueryRowContext(ctx, "SELECT n, id, ended, recorder, text FROM session JOIN session_text ON session = n WHERE id = ?", session.ID).
		Scan(&f.n, &f.id, &f.ended, &f.recorder, &known)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		if f.n, err = s.addSession(ctx, tx, session, text, ""); err != nil {
			return 0, err
		}
	case err != nil:
		return 0, err
	case f.state() == StateRecording:
		return 0, f.busy()
	case known != string(text):
		return 0, errors.New("the store has another session of that id; `distrolab results rm` makes room for this one")
	}
	_, err = tx.ExecContext(ctx, "UPDATE session SET ended = ? WHERE n = ? AND ended = ''", how, f.n)
	return f.n, err
}

// importRuns adds the runs that the store lacks, and returns the raw logs that
// all runs name.
func (s *Store) importRuns(ctx context.Context, tx *sql.Tx, n int64, dir string, in *Imported) ([]File, error) {
	f, err := openRegular(filepath.Join(dir, RunsFile))
	if errors.Is(err, os.ErrNotExist) {
		in.Warnings = append(in.Warnings, noRuns)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var files []File
	warnings, err := eachLine(f, in.Session, func(run Run, line []byte) error {
		files = append(files, run.Files...)
		added, err := s.addRun(ctx, tx, n, run, line)
		if err != nil || added {
			in.Runs++
			return err
		}
		var known string
		err = tx.QueryRowContext(ctx, "SELECT text FROM run_text JOIN run ON run.n = run_text.run WHERE session = ? AND id = ?", n, run.RunID).Scan(&known)
		if err == nil && known != string(line) {
			in.Warnings = append(in.Warnings, fmt.Sprintf("run %s: the store has another run of that id: skipped", bounded(run.RunID)))
		}
		return err
	})
	in.Warnings = append(in.Warnings, warnings...)
	return files, err
}

// importArtefacts copies the raw logs that are there.
func (s *Store) importArtefacts(ctx context.Context, n int64, dir string, files []File, in *Imported) error {
	root, err := os.OpenRoot(dir) // no name and no link leads out of it
	if err != nil {
		return err
	}
	defer root.Close()
	for _, file := range files {
		took, err := s.importArtefact(ctx, n, root, file)
		switch {
		case errors.Is(err, os.ErrNotExist): // an export may have left them out
		case err != nil && s.refuses(err):
			return err
		case err != nil:
			in.Warnings = append(in.Warnings, fmt.Sprintf("the raw log %s: %v: left out", bounded(file.Name), err))
		default:
			in.Artefacts++
			if took.SHA256 != file.SHA256 {
				in.Warnings = append(in.Warnings, fmt.Sprintf("the raw log %s is not as its run says it was: taken as it is", bounded(file.Name)))
			}
		}
	}
	return nil
}

// refuses says whether an error is the store's, and not of what is imported.
func (s *Store) refuses(err error) bool {
	var full *FullError
	var damaged *DamagedError
	err = s.meaning(err)
	return errors.As(err, &full) || errors.As(err, &damaged) || errors.Is(err, context.Canceled)
}

func (s *Store) importArtefact(ctx context.Context, n int64, root *os.Root, file File) (File, error) {
	if err := checkFileName(file.Name); err != nil {
		return file, err
	}
	info, err := root.Stat(file.Name)
	if err != nil {
		return file, err
	}
	if !info.Mode().IsRegular() {
		return file, errors.New("it is not a regular file")
	}
	f, err := root.Open(file.Name)
	if err != nil {
		return file, err
	}
	defer f.Close()
	took := File{Kind: file.Kind, Name: file.Name}
	return took, s.keep(ctx, n, &took, f)
}

// readEnd reads how a session ended; nothing where nobody said so.
func readEnd(dir string) (State, error) {
	text, err := readLimited(filepath.Join(dir, EndFile), maxEnd)
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	var e end
	if err == nil {
		err = json.Unmarshal(text, &e)
	}
	if err != nil {
		return "", fmt.Errorf("reading %s: %w", EndFile, err)
	}
	switch e.How {
	case StateDone, StateStopped, StateFailed:
		return e.How, nil
	}
	return "", fmt.Errorf("reading %s: %q is no end", EndFile, bounded(string(e.How)))
}

// ImportTar takes in what [Store.ExportTar] wrote.
func (s *Store) ImportTar(ctx context.Context, r io.Reader) (Imported, error) {
	dir, err := os.MkdirTemp(s.dir, ".import-*")
	if err != nil {
		return Imported{}, s.failed("importing an archive", err)
	}
	defer os.RemoveAll(dir)
	if err := unpack(dir, r); err != nil {
		return Imported{}, s.failed("importing an archive", err)
	}
	in, err := s.Import(ctx, dir)
	in.Directory = ""
	return in, err
}

// Bounds on an archive.
const (
	maxEntries = 2*maxRuns + 3
	maxRecords = int64(maxRuns) * (64 << 10)
)

// unpack writes the files of an archive below a directory: those of a session,
// and no others.
func unpack(dir string, r io.Reader) error {
	t := tar.NewReader(r)
	to := &directorySink{dir: dir}
	for n := 0; ; n++ {
		header, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading the archive: %w", err)
		}
		limit := int64(maxArtefact)
		switch header.Name {
		case SessionFile, EndFile:
			limit = maxSession
		case RunsFile:
			limit = maxRecords
		default:
			err = checkFileName(header.Name)
		}
		switch {
		case n == maxEntries:
			err = fmt.Errorf("it has more than %d files", maxEntries)
		case header.Typeflag != tar.TypeReg:
			err = fmt.Errorf("%q is not a file", bounded(header.Name))
		case header.Size > limit:
			err = fmt.Errorf("%q has %d bytes, more than %d", bounded(header.Name), header.Size, limit)
		}
		if err == nil {
			err = to.file(header.Name, header.Size, t)
		}
		if err != nil {
			return fmt.Errorf("reading the archive: %w", err)
		}
	}
}

// oldDirectories is done when the sessions of earlier versions were taken in.
const oldDirectories = "directories of earlier versions"

// takeOld takes in the sessions that lie as directories in that of the store,
// once. The directories stay: they are the person's, and nothing reads them any
// more.
func (s *Store) takeOld(ctx context.Context) error {
	var done int
	if err := s.write.QueryRowContext(ctx, "SELECT count(*) FROM done WHERE what = ?", oldDirectories).Scan(&done); err != nil || done > 0 {
		return s.failed("opening the results", err)
	}
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return s.failed("looking for sessions of earlier versions", err)
	}
	for _, e := range entries {
		dir := filepath.Join(s.dir, e.Name())
		if _, err := os.Stat(filepath.Join(dir, SessionFile)); !e.IsDir() || err != nil {
			continue
		}
		in, err := s.Import(ctx, dir)
		if err != nil {
			if s.refuses(err) {
				return err
			}
			in.Warnings = append(in.Warnings, err.Error())
		}
		s.taken = append(s.taken, in)
	}
	return s.change(ctx, "opening the results", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO done (what) VALUES (?)", oldDirectories)
		return err
	})
}

// readLimited reads a small file whole.
func readLimited(path string, limit int64) ([]byte, error) {
	f, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var b bytes.Buffer
	n, err := io.Copy(&b, io.LimitReader(f, limit+1))
	if err == nil && n > limit {
		err = fmt.Errorf("%s is larger than %d bytes", path, limit)
	}
	return b.Bytes(), err
}
