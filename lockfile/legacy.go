package lockfile

// What older schemas wrote differently. Everything else that changed up to 15
// was an added key.

// legacyExcludes folds notRepos and notPaths (schema 9) into the lists they
// exclude from, where a leading "!" says the same since schema 10.
func (d *decoder) legacyExcludes(t *Trigger, n *node) {
	if d.strict {
		return
	}
	d.legacyExclude("notPaths", &t.Paths, n)
	d.legacyExclude("notRepos", &t.Repos, n)
}

func (d *decoder) legacyExclude(key string, list *[]Pattern, n *node) {
	old := n.get(key)
	if old == nil {
		return
	}
	var excluded []Pattern
	d.enter(key, -1)
	d.value(&excluded, old)
	d.leave()
	for _, p := range excluded {
		p.Pattern = "!" + p.Pattern
		*list = append(*list, p)
	}
}

// Labels accepts the three shapes runsOn has had: one label, a list, and since
// schema 8 a selector with exclusions.
type Labels []string

type labelSelector struct {
	Labels  Labels `json:"labels,omitzero"`
	Exclude Labels `json:"exclude,omitzero"`
}

func (l *Labels) readLock(d *decoder, n *node) {
	switch n.kind {
	case kindString:
		*l = Labels{n.text}
	case kindObject:
		var s labelSelector
		d.record(&s, n)
		*l = s.Labels
	default:
		d.strings((*[]string)(l), n)
	}
}

func (l Labels) writeLock(e *encoder) {
	e.open('[')
	for _, label := range l {
		e.value(label)
	}
	e.close(']')
}

// legacyRunsOn pulls the exclusions out of a selector.
func (d *decoder) legacyRunsOn(j *StaticJob, n *node) {
	sel := n.get("runsOn")
	if sel == nil || sel.kind != kindObject || len(j.ExcludeLabels) > 0 {
		return
	}
	var s labelSelector
	quiet := &decoder{src: d.src} // faults were noted when runsOn itself was read
	quiet.record(&s, sel)
	j.ExcludeLabels = s.Exclude
}
