package agent

// Slots is how many jobs run at once.
func (a *Agent) Slots() int { return a.config.Slots }

// Active counts the jobs that take a slot.
func (a *Agent) Active() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.active)
}

// InFlight lists the attempts that are not over: those whose Reporter's Finished
// has not returned yet.
func (a *Agent) InFlight() []Ref {
	a.mu.Lock()
	defer a.mu.Unlock()
	var out []Ref
	for _, set := range []map[string]*job{a.active, a.ending} {
		for _, j := range set {
			out = append(out, j.a.Ref)
		}
	}
	return out
}
