package image

import "time"

// meterInterval is how often a meter reports; a person cannot read faster.
const meterInterval = 200 * time.Millisecond

// meter counts the bytes that pass and reports them now and then.
type meter struct {
	report func(Progress)
	at     Progress
	last   time.Time // of the last report
	before int64     // bytes done at the last report
}

// newMeter starts a meter and reports its start. A nil report counts silently.
func newMeter(report func(Progress), start Progress) *meter {
	if report == nil {
		report = func(Progress) {}
	}
	m := &meter{report: report, at: start, last: time.Now(), before: start.Done}
	m.report(m.at)
	return m
}

// Write counts the bytes of p.
func (m *meter) Write(p []byte) (int, error) {
	m.add(len(p))
	return len(p), nil
}

// add counts n bytes.
func (m *meter) add(n int) {
	m.at.Done += int64(n)
	if passed := time.Since(m.last); passed >= meterInterval {
		m.at.Rate = float64(m.at.Done-m.before) / passed.Seconds()
		m.last, m.before = time.Now(), m.at.Done
		m.report(m.at)
	}
}

// finish reports the last count.
func (m *meter) finish() { m.report(m.at) }
