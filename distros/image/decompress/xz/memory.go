package xz

import "sync"

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

// take waits for two buffers; false if the memory was closed.
func (m *memory) take(first, second int64) ([]byte, []byte, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for m.left < first+second && !m.closed {
		m.back.Wait()
	}
	if m.closed {
		return nil, nil, false
	}
	m.left -= first + second
	return m.buffer(first), m.buffer(second), true
}

// buffer returns the smallest free buffer that is large enough, or a new one;
// the free ones are then given up, which keeps what is held near the budget.
func (m *memory) buffer(size int64) []byte {
	best := -1
	for i, b := range m.free {
		if int64(cap(b)) >= size && (best < 0 || cap(b) < cap(m.free[best])) {
			best = i
		}
	}
	if best >= 0 {
		b := m.free[best]
		m.free[best] = m.free[len(m.free)-1]
		m.free = m.free[:len(m.free)-1]
		return b[:size]
	}
	m.free = nil
	return make([]byte, size)
}

// put takes buffers back.
func (m *memory) put(buffers ...[]byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, b := range buffers {
		if b != nil {
			m.left += int64(len(b))
			m.free = append(m.free, b[:0])
		}
	}
	m.back.Broadcast()
}

func (m *memory) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	m.back.Broadcast()
}
