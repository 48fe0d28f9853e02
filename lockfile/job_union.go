package lockfile

// The unions below are told apart by the shape of their JSON. Each reads and
// writes itself; the codec takes care of everything that is a plain struct.

func (j *Job) readLock(d *decoder, n *node) {
	if !d.want(n, kindObject, "an object") {
		return
	}
	switch tag := d.tag(n, "static"); tag {
	case "static":
		j.Static = &StaticJob{}
		d.record(j.Static, n)
		d.legacyRunsOn(j.Static, n)
		j.Static.Type = "static"
	case "dynamic":
		j.Dynamic = &DynamicJob{}
		d.record(j.Dynamic, n)
	default:
		d.failAt(n.get("_type"), "unknown job type %q (want \"static\" or \"dynamic\")", tag)
	}
}

func (j Job) writeLock(e *encoder) {
	switch {
	case j.Dynamic != nil:
		dynamic := *j.Dynamic
		dynamic.Type = "dynamic"
		e.value(dynamic)
	case j.Static != nil:
		static := *j.Static
		static.Type = "static"
		e.value(static)
	default:
		e.fail("a job is neither static nor dynamic")
	}
}

type needJob struct {
	Name     string `json:"name"`
	IfFailed string `json:"ifFailed,omitzero"`
}

type needGroup struct {
	Group    string `json:"group"`
	IfFailed string `json:"ifFailed,omitzero"`
}

func (need *Need) readLock(d *decoder, n *node) {
	switch {
	case n.kind == kindString:
		need.Job = n.text
		return
	case n.kind != kindObject:
		d.failAt(n, "expected a job name or an object, found %s", n.kind)
		return
	case n.get("group") != nil:
		var g needGroup
		d.record(&g, n)
		if g.Group == "" {
			d.failAt(n.get("group"), "a group needs a name")
		}
		need.Group, need.IfFailed = g.Group, g.IfFailed
	default:
		var j needJob
		d.record(&j, n)
		need.Job, need.IfFailed = j.Name, j.IfFailed
	}
	if f := need.IfFailed; f != "" && f != IfFailedSkip && f != IfFailedRun {
		d.failAt(n.get("ifFailed"), "unknown value %q (want \"skip\" or \"run\")", f)
	}
}

func (need Need) writeLock(e *encoder) {
	switch {
	case need.Group != "":
		e.value(needGroup{need.Group, need.IfFailed})
	case need.IfFailed != "":
		e.value(needJob{need.Job, need.IfFailed})
	default:
		e.value(need.Job)
	}
}

type dynamicMatrix struct {
	Type   string       `json:"_type"`
	Source MatrixSource `json:"source"`
}

func (m *Matrix) readLock(d *decoder, n *node) {
	if !d.want(n, kindObject, "an object") {
		return
	}
	switch m.Type = d.tag(n, ""); m.Type {
	case MatrixDynamic:
		var dm dynamicMatrix
		d.record(&dm, n)
		m.Source = &dm.Source
	case MatrixStatic:
		m.readValues(d, n)
	default:
		d.failAt(n.get("_type"), "unknown matrix type %q (want \"static\" or \"dynamic\")", m.Type)
	}
}

func (m *Matrix) readValues(d *decoder, n *node) {
	values := n.get("values")
	if values == nil {
		d.failAt(n, "missing key \"values\"")
		return
	}
	d.enter("values", -1)
	defer d.leave()
	switch values.kind {
	case kindArray:
		m.Values = []string{}
		d.value(&m.Values, values)
	case kindObject:
		m.Dimensions = Map[[]string]{}
		d.value(&m.Dimensions, values)
	default:
		d.failAt(values, "expected an array or an object, found %s", values.kind)
	}
}

func (m Matrix) writeLock(e *encoder) {
	if m.Type == MatrixDynamic && m.Source != nil {
		e.value(dynamicMatrix{MatrixDynamic, *m.Source})
		return
	}
	e.open('{')
	e.key("_type")
	e.value(MatrixStatic)
	e.key("values")
	if m.Dimensions != nil {
		e.value(m.Dimensions)
	} else {
		e.value(m.Values)
	}
	e.close('}')
}

type containerObject struct {
	Image string      `json:"image"`
	Env   Map[string] `json:"env,omitzero"`
}

func (c *Container) readLock(d *decoder, n *node) {
	switch n.kind {
	case kindString:
		c.Image = n.text
	case kindObject:
		var o containerObject
		d.record(&o, n)
		c.Image, c.Env, c.Object = o.Image, o.Env, true
	default:
		d.failAt(n, "expected an image name or an object, found %s", n.kind)
	}
}

func (c Container) writeLock(e *encoder) {
	if c.Object || c.Env != nil {
		e.value(containerObject{c.Image, c.Env})
		return
	}
	e.value(c.Image)
}

func (t *Text) readLock(d *decoder, n *node) {
	if n.kind == kindString {
		t.Literal = n.text
		return
	}
	t.Inline = readInline(d, n)
}

func (t Text) writeLock(e *encoder) {
	if t.Inline != nil {
		e.value(NewInline(t.Inline.Expression))
		return
	}
	e.value(t.Literal)
}

func (v *Env) readLock(d *decoder, n *node) {
	// A variable may be called _type; only the full inline shape is a function.
	if tag := n.get("_type"); tag != nil && tag.text == "inline" && n.get("expression") != nil {
		v.Inline = readInline(d, n)
		return
	}
	v.Values = Map[string]{}
	d.value(&v.Values, n)
}

func (v Env) writeLock(e *encoder) {
	if v.Inline != nil {
		e.value(NewInline(v.Inline.Expression))
		return
	}
	e.value(v.Values)
}

func readInline(d *decoder, n *node) *Inline {
	if n.kind != kindObject {
		d.failAt(n, "expected a string or an inline expression, found %s", n.kind)
		return nil
	}
	in := &Inline{}
	d.record(in, n)
	if in.Type != "inline" {
		d.failAt(n, "expected an inline expression, found type %q", in.Type)
	}
	return in
}

func (c *Caches) readLock(d *decoder, n *node) {
	if n.kind == kindObject {
		*c = make(Caches, 1)
		d.value(&(*c)[0], n)
		return
	}
	var list []CacheSpec
	d.value(&list, n)
	*c = list
}

func (c Caches) writeLock(e *encoder) { e.value([]CacheSpec(c)) }
