package image

import (
	"bytes"
	"os"
)

// sparseFile writes a file from an offset on and leaves holes where blocks are
// nothing but zeros, as most of a raw disk is.
type sparseFile struct {
	file  *os.File
	at    int64
	zeros []byte // one block
}

func newSparseFile(f *os.File, at int64) *sparseFile {
	return &sparseFile{file: f, at: at, zeros: make([]byte, blockBytes)}
}

// Write appends p, or steps over it.
func (s *sparseFile) Write(p []byte) (int, error) {
	if !bytes.Equal(p, s.zeros[:min(len(p), len(s.zeros))]) {
		if n, err := s.file.WriteAt(p, s.at); err != nil {
			s.at += int64(n)
			return n, err
		}
	}
	s.at += int64(len(p))
	return len(p), nil
}

// finish gives the file its length, also when it ends in a hole.
func (s *sparseFile) finish() error { return s.file.Truncate(s.at) }
