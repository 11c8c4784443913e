package holder

import (
	"context"
	"net/http"
	"sync"
	"time"

	"distrolab/labs"
)

// usages is what the machines took when somebody last asked. libvirt is asked
// at most once a second, however many ask us.
type usages struct {
	mu   sync.Mutex
	at   time.Time
	last []labs.Usage
}

// The times of asking libvirt: how old an answer may be, and how long a daemon
// that hangs may keep those who ask.
const (
	usageAge   = time.Second
	usageLimit = 2 * time.Second
)

func (h *Holder) getUsage(w http.ResponseWriter, r *http.Request) {
	u := &h.usage
	u.mu.Lock()
	defer u.mu.Unlock()
	if time.Since(u.at) >= usageAge {
		u.last, u.at = h.measure(r.Context()), time.Now()
	}
	answer(w, u.last)
}

// measure asks for every machine that runs. One that cannot be asked is left
// out: it may have ended meanwhile.
func (h *Holder) measure(ctx context.Context) []labs.Usage {
	ctx, cancel := context.WithTimeout(ctx, usageLimit)
	defer cancel()
	all := []labs.Usage{}
	for _, m := range h.machines {
		if !m.runs() {
			continue
		}
		made, _ := m.now()
		if made == nil {
			continue
		}
		if used, err := made.Usage(ctx); err == nil {
			all = append(all, labs.Usage{Machine: m.spec.Name, At: time.Now(), CPU: used.CPUTime, Resident: used.Resident})
		}
	}
	return all
}
