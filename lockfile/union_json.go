package lockfile

// The unions travel in wire messages too, through encoding/json; these methods
// give them the same shapes there as in the file.

// MarshalJSON writes the lock form.
func (j Job) MarshalJSON() ([]byte, error) { return marshal(j) }

// UnmarshalJSON reads the lock form.
func (j *Job) UnmarshalJSON(b []byte) error { return unmarshal(b, j) }

// MarshalJSON writes the lock form.
func (need Need) MarshalJSON() ([]byte, error) { return marshal(need) }

// UnmarshalJSON reads the lock form.
func (need *Need) UnmarshalJSON(b []byte) error { return unmarshal(b, need) }

// MarshalJSON writes the lock form.
func (m Matrix) MarshalJSON() ([]byte, error) { return marshal(m) }

// UnmarshalJSON reads the lock form.
func (m *Matrix) UnmarshalJSON(b []byte) error { return unmarshal(b, m) }

// MarshalJSON writes the lock form.
func (c Container) MarshalJSON() ([]byte, error) { return marshal(c) }

// UnmarshalJSON reads the lock form.
func (c *Container) UnmarshalJSON(b []byte) error { return unmarshal(b, c) }

// MarshalJSON writes the lock form.
func (t Text) MarshalJSON() ([]byte, error) { return marshal(t) }

// UnmarshalJSON reads the lock form.
func (t *Text) UnmarshalJSON(b []byte) error { return unmarshal(b, t) }

// MarshalJSON writes the lock form.
func (v Env) MarshalJSON() ([]byte, error) { return marshal(v) }

// UnmarshalJSON reads the lock form.
func (v *Env) UnmarshalJSON(b []byte) error { return unmarshal(b, v) }

// MarshalJSON writes the lock form.
func (t Trigger) MarshalJSON() ([]byte, error) { return marshal(t) }

// UnmarshalJSON reads the lock form.
func (t *Trigger) UnmarshalJSON(b []byte) error { return unmarshal(b, t) }
