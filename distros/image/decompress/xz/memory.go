package xz

import (
	"math/bits"
	"slices"
	"sync"
)

// memory lends buffers, and not more bytes at a time than its budget. Buffers
// come back and are lent again, because blocks are mostly of one size and the
// garbage collector would be too late.
type memory struct {
	mu     sync.Mutex
	back   sync.Cond // something came back, or closed
	left   int64
	free   [][]byte
	closed bool
}

func newMemory(bytes int64) *memory {
	m := &memory{left: bytes}
	m.back.L = &m.mu
	return m
}

// take waits for a buffer; false if the memory was closed.
func (m *memory) take(size int64) ([]byte, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for m.left < size && !m.closed {
		m.back.Wait()
	}
	if m.closed {
		return nil, false
	}
	m.left -= size
	return m.buffer(size), true
}

// buffer returns the smallest free buffer that is large enough, or a new one;
// the free ones are then given up, which keeps what is held near the budget.
// The next block may be somewhat larger, so a new one is, too; of that no page
// is in memory before it is used.
func (m *memory) buffer(size int64) []byte {
	best := -1
	for i, b := range m.free {
		if int64(cap(b)) >= size && (best < 0 || cap(b) < cap(m.free[best])) {
			best = i
		}
	}
	if best >= 0 {
		b := m.free[best]
		m.free = slices.Delete(m.free, best, best+1)
		return b[:size]
	}
	m.free = nil
	step := int64(1) << max(0, bits.Len64(uint64(size))-3)
	return make([]byte, size, (size+step-1)/step*step)
}

// put takes a buffer back.
func (m *memory) put(b []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.left += int64(len(b))
	m.free = append(m.free, b)
	m.back.Broadcast()
}

func (m *memory) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	m.back.Broadcast()
}
