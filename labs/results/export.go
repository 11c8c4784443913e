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
	"path"
	"path/filepath"
	"time"
)

// end is the content of EndFile.
type end struct {
	Schema string `json:"schema"`
	How    State  `json:"how"`
}

// endSchema names the version of the record.
const endSchema = "distrolab.end/1"

// sink takes the files of an export in their order: raw logs, runs, the end,
// the design. A directory without its design is no session, so that one that
// was not written to its end is not taken for one.
type sink interface {
	file(name string, size int64, content io.Reader) error
}

// Export writes a session as a directory: [SessionFile], [RunsFile], [EndFile]
// and, with artefacts, its raw logs by their names. The records are written as
// they came. The directory may exist; files of a session in it may not.
func (s *Store) Export(ctx context.Context, ref, dir string, artefacts bool) error {
	doing := "exporting session " + bounded(ref)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	to := &directorySink{dir: dir}
	err := s.export(ctx, ref, to, artefacts)
	if err != nil {
		return errors.Join(s.failed(doing, err), to.undo())
	}
	return nil
}

// ExportTar writes what [Store.Export] does as one tar archive.
func (s *Store) ExportTar(ctx context.Context, ref string, w io.Writer, artefacts bool) error {
	t := tar.NewWriter(w)
	err := s.export(ctx, ref, tarSink{t}, artefacts)
	return s.failed("exporting session "+bounded(ref), errors.Join(err, t.Close()))
}

func (s *Store) export(ctx context.Context, ref string, to sink, artefacts bool) error {
	tx, err := s.read.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // it only read
	f, err := find(ctx, tx, ref)
	if err != nil {
		return err
	}
	if artefacts {
		if err := s.exportArtefacts(ctx, tx, f, to); err != nil {
			return err
		}
	}
	if err := exportRuns(ctx, tx, f, to); err != nil {
		return err
	}
	if f.ended != "" {
		text, err := json.Marshal(end{endSchema, State(f.ended)})
		if err != nil {
			return err
		}
		if err := put(to, EndFile, append(text, '\n')); err != nil {
			return err
		}
	}
	var text string
	if err := tx.QueryRowContext(ctx, "SELECT text FROM session_text WHERE session = ?", f.n).Scan(&text); err != nil {
		return fmt.Errorf("its design: %w", err)
	}
	return put(to, SessionFile, []byte(text))
}

// writeRuns writes the records of a session's runs as they came, one on a line.
func writeRuns(ctx context.Context, tx *sql.Tx, f found, w io.Writer) error {
	return eachRun(ctx, tx, f.n, func(_, text string) error {
		_, err := io.WriteString(w, text+"\n")
		return err
	})
}

func put(to sink, name string, content []byte) error {
	return to.file(name, int64(len(content)), bytes.NewReader(content))
}

func exportRuns(ctx context.Context, tx *sql.Tx, f found, to sink) error {
	var size, runs int64
	if err := tx.QueryRowContext(ctx, "SELECT bytes, runs FROM session WHERE n = ?", f.n).Scan(&size, &runs); err != nil {
		return err
	}
	r, w := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := writeRuns(ctx, tx, f, w)
		w.CloseWithError(err)
		done <- err
	}()
	err := to.file(RunsFile, size+runs, r)
	r.CloseWithError(errors.New("nobody reads on")) // ends the writer, also after an error of the sink
	if wrote := <-done; err == nil {
		err = wrote
	}
	return err
}

func (s *Store) exportArtefacts(ctx context.Context, tx *sql.Tx, f found, to sink) error {
	files, err := artefactsOf(ctx, tx, f.n)
	if err != nil {
		return err
	}
	for _, a := range files {
		if err := s.exportArtefact(ctx, a, to); err != nil {
			return fmt.Errorf("%s: %w; --no-artefacts leaves the raw logs out", a.Name, err)
		}
	}
	return nil
}

func (s *Store) exportArtefact(ctx context.Context, a File, to sink) error {
	content, err := s.Artefact(ctx, a.SHA256)
	if err != nil {
		return err
	}
	defer content.Close()
	return to.file(a.Name, a.Bytes, content)
}

// artefactsOf lists the raw logs that the store has of a session.
func artefactsOf(ctx context.Context, tx *sql.Tx, session int64) ([]File, error) {
	rows, err := tx.QueryContext(ctx, "SELECT kind, name, sha256, bytes FROM artefact WHERE session = ? ORDER BY name", session)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var files []File
	for rows.Next() {
		var f File
		if err := rows.Scan(&f.Kind, &f.Name, &f.SHA256, &f.Bytes); err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return files, rows.Err()
}

// directorySink writes files below a directory and remembers them.
type directorySink struct {
	dir   string
	wrote []string
}

func (d *directorySink) file(name string, _ int64, content io.Reader) error {
	at := filepath.Join(d.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(at, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s is there already; choose another directory", at)
	}
	if err != nil {
		return err
	}
	d.wrote = append(d.wrote, at)
	_, err = io.Copy(f, content)
	return errors.Join(err, f.Sync(), f.Close())
}

// undo removes what was written.
func (d *directorySink) undo() error {
	var errs []error
	for _, path := range d.wrote {
		errs = append(errs, os.Remove(path))
	}
	return errors.Join(errs...)
}

// tarSink writes files into an archive that says nothing of whoever made it.
type tarSink struct{ w *tar.Writer }

func (t tarSink) file(name string, size int64, content io.Reader) error {
	header := tar.Header{Typeflag: tar.TypeReg, Name: path.Clean(name), Size: size, Mode: 0o644, ModTime: time.Unix(0, 0), Format: tar.FormatPAX}
	if err := t.w.WriteHeader(&header); err != nil {
		return err
	}
	_, err := io.Copy(t.w, content)
	return err
}
