package observe

// joinSeen says which milestones of a join the frames have shown, or never
// will.
type joinSeen struct {
	syn, hello, listening, pod bool
}

// rejoin opens the milestones of a join that was just asked for.
func (w *netWatch) rejoin(join *JoinWatch) {
	if join == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	api := join.API.IsValid()
	w.join = joinSeen{syn: !api, hello: !api, pod: !join.Hello.IsValid()}
	w.done.Store(false)
}
