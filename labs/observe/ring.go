package observe

const (
	ringLines = 512 // lines that are kept for people
	ringLine  = 512 // bytes of each
)

// ring keeps the last lines of a console. Its memory is bounded, and reused.
type ring struct {
	lines [][]byte
	next  int
}

func (r *ring) add(line []byte) {
	line = line[:min(len(line), ringLine)]
	if len(r.lines) < ringLines {
		r.lines = append(r.lines, append([]byte(nil), line...))
		return
	}
	r.lines[r.next] = append(r.lines[r.next][:0], line...)
	r.next = (r.next + 1) % ringLines
}

// last returns the last n lines, oldest first, printable.
func (r *ring) last(n int) []string {
	n = max(0, min(n, len(r.lines)))
	out := make([]string, 0, n+1)
	for i := len(r.lines) - n; i < len(r.lines); i++ {
		out = append(out, printable(r.lines[(r.next+i)%len(r.lines)], ringLine))
	}
	return out
}
