package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
)

// pass is one pass over the bytes of a file on a server.
type pass struct {
	*fetcher
	*stages
	part *part
}

// pass takes a file through all stages. An error that is [refused] means the
// bytes are wrong; after any other, what came so far may be continued.
func (f *fetcher) pass(ctx context.Context, r Remote, part *part, target string, many int) (File, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	st, err := f.store.newStages(r, target, cancel)
	if err != nil {
		return File{}, err
	}
	p := &pass{fetcher: f, stages: st, part: part}
	keep := newSparseFile(part.file, part.held)
	skip := part.held // these bytes come from there
	p.lanes.add(func(b []byte) error {
		if skip > 0 {
			skip -= int64(len(b))
			return nil
		}
		_, err := keep.Write(b)
		return err
	})
	file, err := p.finish(ctx, p.feed(ctx, many))
	if err != nil {
		return File{}, errors.Join(err, part.reload())
	}
	if r.Compression == "" {
		if err := keep.finish(); err != nil {
			return File{}, err
		}
	}
	return p.settle(file)
}

// settle makes the finished file part of an image: what was not to be unpacked
// is moved there, and the bytes of what was are thrown away.
func (p *pass) settle(f File) (File, error) {
	if p.unpack == nil {
		f, err := p.judge(f, p.part.file)
		if err != nil {
			return File{}, err
		}
		return f, p.part.take(p.target)
	}
	file, err := os.Open(p.target)
	if err != nil {
		return File{}, err
	}
	defer file.Close() //nolint:errcheck // only read
	if f, err = p.judge(f, file); err != nil {
		return File{}, err
	}
	p.part.drop()
	return f, nil
}

// feed hands out what an earlier attempt left, and then what the network
// brings.
func (p *pass) feed(ctx context.Context, many int) error {
	if err := p.replay(ctx); err != nil {
		return err
	}
	r := p.remote
	d := &download{
		client: p.client, url: r.URL, size: p.part.version.Size, limit: maxServedBytes, exact: r.exact(), validator: p.part.version.Validator,
		note: p.part.note, retry: p.store.retry, memory: p.memory, many: many,
		room: func(missing, size int64) error {
			return p.store.checkSpace(missing + unpackedGuess(r.Compression, size))
		},
	}
	d.start(ctx, p.part.held)
	defer d.close()
	var meter *meter
	for {
		b, err := d.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if meter == nil {
			meter = p.meter("downloading", p.passed.Load(), d.size)
		}
		n := len(b.data)
		if err := p.hand(b); err != nil {
			return err
		}
		meter.add(n)
	}
	if meter != nil {
		meter.finish()
	}
	return ctx.Err()
}

func (p *pass) meter(phase string, done, total int64) *meter {
	return newMeter(p.progress, Progress{Phase: phase, File: path.Base(p.remote.URL), Done: done, Total: total})
}

// replay hands out the part that is here already, which hashes it again.
func (p *pass) replay(ctx context.Context) error {
	if p.part.held == 0 {
		return nil
	}
	meter := p.meter("checking what is already here", 0, p.part.held)
	err := p.pour(io.NewSectionReader(p.part.file, 0, p.part.held), func(n int) error {
		meter.add(n)
		return ctx.Err()
	})
	meter.finish()
	if err != nil {
		return fmt.Errorf("reading the unfinished download: %w", err)
	}
	return nil
}

// pour hands out a whole file that is on this machine.
func (st *stages) pour(r io.Reader, passed func(n int) error) error {
	for {
		b := st.memory.get()
		readErr := b.fill(r, false)
		n := len(b.data)
		if n == 0 {
			b.release()
		} else if err := st.hand(b); err != nil {
			return err
		}
		if err := passed(n); err != nil {
			return err
		}
		if errors.Is(readErr, io.EOF) {
			return nil
		}
		if readErr != nil {
			return readErr
		}
	}
}
