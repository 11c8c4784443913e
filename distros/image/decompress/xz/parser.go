package xz

import (
	"bufio"
	"errors"
	"io"
)

// parser walks through a file.
type parser struct {
	r      *Reader
	in     *bufio.Reader
	blocks int    // of the whole file, so far
	serial *lzma2 // decodes blocks that are not decoded side by side
	parts  chan []byte
}

// file parses streams until the file ends; io.EOF says that it ended well.
func (p *parser) file() error {
	for {
		if err := p.stream(); err != nil {
			return err
		}
		if err := p.padding(); err != nil {
			return err
		}
	}
}

// padding skips the zeros between streams (2.2).
func (p *parser) padding() error {
	for {
		b, err := p.in.Peek(4)
		switch {
		case len(b) == 4 && string(b) != "\x00\x00\x00\x00":
			return nil
		case len(b) == 4:
			p.in.Discard(4) //nolint:errcheck // just peeked
		case len(b) == 0 && errors.Is(err, io.EOF):
			return io.EOF
		case errors.Is(err, io.EOF):
			return corrupt("the file ends with something else than a stream")
		default:
			return err
		}
	}
}

func (p *parser) stream() error {
	head, err := p.in.Peek(headerSize)
	if err != nil {
		return short(err)
	}
	check, err := streamHeader(head)
	if err != nil {
		return err
	}
	if _, err := newCheck(check); err != nil {
		return err
	}
	blocks := newLedger()
	skip := headerSize // is taken with the first block, for the library may want it
	for {
		head, err := p.in.Peek(skip + 1)
		if err != nil {
			return short(err)
		}
		size := (int(head[skip]) + 1) * 4
		if head[skip] == 0 {
			p.in.Discard(skip) //nolint:errcheck // just peeked
			return readIndex(p.in, blocks, check)
		}
		if head, err = p.in.Peek(skip + size); err != nil {
			return short(err)
		}
		h, err := parseBlockHeader(head[skip:])
		if err != nil {
			return err
		}
		if h.filters > 1 {
			return p.others()
		}
		p.in.Discard(skip + size) //nolint:errcheck // just peeked
		skip = 0
		if err := p.block(h, check, &blocks); err != nil {
			return err
		}
	}
}

// block hands out a block, to be decoded by a worker if memory allows.
func (p *parser) block(h blockHeader, check byte, blocks *ledger) error {
	p.blocks++
	if h.dict > p.r.maxDict {
		return errors.New("the dictionary is larger than allowed")
	}
	j := &job{header: h}
	var err error
	if j.check, err = newCheck(check); err != nil {
		return err
	}
	tail := int64(0)
	if j.check != nil {
		tail = int64(j.check.Size())
	}
	padding := -h.packed & 3
	// Two of its size must fit, or nothing is won.
	if h.packed > 0 && h.unpacked >= 0 && h.packed < budget/2 && h.unpacked < budget/2 && h.packed+padding+tail+h.unpacked <= budget/2 {
		blocks.add(int64(h.size)+h.packed+tail, h.unpacked)
		return p.whole(j, h.packed+padding+tail)
	}
	return p.alone(j, tail, blocks)
}

// whole reads a block for the workers.
func (p *parser) whole(j *job, packed int64) error {
	lent, ok := p.r.memory.take(packed + j.header.unpacked)
	if !ok {
		return errStopped
	}
	j.lent, j.packed, j.buf = lent, lent[:packed:packed], lent[packed:]
	// A part is at least partSize, or the last one.
	j.out = make(chan []byte, j.header.unpacked/partSize+2)
	if _, err := io.ReadFull(p.in, j.packed); err != nil {
		return short(err)
	}
	select {
	case p.r.work <- j:
	case <-p.r.stop:
		return errStopped
	}
	return p.r.queue(j)
}

// alone decodes a block while it is read.
func (p *parser) alone(j *job, tail int64, blocks *ledger) error {
	if p.serial == nil {
		p.serial = &lzma2{}
		p.parts = make(chan []byte, partQueue)
		for range partQueue {
			p.parts <- nil
		}
	}
	j.parts, j.out = p.parts, make(chan []byte, partQueue)
	if err := p.r.queue(j); err != nil {
		return err
	}
	err := p.slide(j, tail, blocks)
	j.err = err
	close(j.out)
	if err != nil {
		return errStopped // the job has the reason
	}
	return nil
}

// slide decodes a block in a window that moves over it.
func (p *parser) slide(j *job, tail int64, blocks *ledger) error {
	z, h := p.serial, j.header
	size := h.dict + max(minSlack, min(maxSlack, h.dict/2))
	if int64(cap(z.buf)) < size {
		z.buf = make([]byte, size)
	}
	z.start(z.buf[:size], int(h.dict))
	counted := &counter{in: p.in}
	sent, total := 0, int64(0)
	send := func() error {
		for z.pos > sent {
			part, err := p.part(j, z.buf[sent:z.pos])
			if err != nil {
				return err
			}
			sent += part
			total += int64(part)
		}
		return nil
	}
	room := func(n int) error {
		if n <= len(z.buf)-z.pos {
			return nil
		}
		if err := send(); err != nil {
			return err
		}
		// By a multiple of 16, so that places keep their models.
		shift := (z.pos - min(z.pos, z.dict)) &^ 15
		copy(z.buf, z.buf[shift:z.pos])
		z.pos, z.origin, sent = z.pos-shift, z.origin-shift, sent-shift
		return nil
	}
	var err error
	for err == nil {
		if err = z.chunk(counted, room); z.pos-sent >= partSize || errors.Is(err, io.EOF) {
			if e := send(); e != nil {
				return e
			}
		}
	}
	if !errors.Is(err, io.EOF) {
		return err
	}
	if h.packed >= 0 && h.packed != counted.n || h.unpacked >= 0 && h.unpacked != total {
		return corrupt("the header of a block has other sizes")
	}
	blocks.add(int64(h.size)+counted.n+tail, total)
	rest := make([]byte, -counted.n&3+tail)
	if _, err := io.ReadFull(p.in, rest); err != nil {
		return short(err)
	}
	return j.verify(rest)
}

// part sends a copy of some bytes and returns how many.
func (p *parser) part(j *job, b []byte) (int, error) {
	var part []byte
	select {
	case part = <-p.parts:
	case <-p.r.stop:
		return 0, errStopped
	}
	if part == nil {
		part = make([]byte, partSize)
	}
	n := copy(part[:partSize], b)
	if j.check != nil {
		j.check.Write(part[:n]) //nolint:errcheck // a hash never fails
	}
	j.out <- part[:n] // has room for all parts
	return n, nil
}

// others leaves the rest of the file to the library.
func (p *parser) others() error {
	if p.blocks > 0 {
		return errFilters
	}
	x, err := lax(p.in, p.r.maxDict)
	if err != nil {
		return err
	}
	j := &job{out: make(chan []byte, partQueue), parts: make(chan []byte, partQueue)}
	p.parts = j.parts
	for range partQueue {
		p.parts <- nil
	}
	if err := p.r.queue(j); err != nil {
		return err
	}
	buf := make([]byte, partSize)
	for err == nil {
		var n int
		n, err = x.Read(buf)
		if n > 0 {
			if _, e := p.part(j, buf[:n]); e != nil {
				err = e
			}
		}
	}
	j.err = err
	close(j.out)
	return errStopped // the job has the reason
}

// counter counts the bytes that are read.
type counter struct {
	in io.Reader
	n  int64
}

// Read reads and counts.
func (c *counter) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	c.n += int64(n)
	return n, err
}
