package executor

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Container is the image that a job runs in, and what its environment has
// besides the image's own.
type Container struct {
	Image string
	Env   map[string]string
}

// Amount is an amount of the resources of a machine. Zero fields mean any.
type Amount struct {
	Memory int64   // bytes
	CPUs   float64 // cores, fractions allowed
}

// Resources are what a job asks to be set aside for it, and what it may use at
// most, all of its processes together.
type Resources struct{ Requests, Limits Amount }

// OutOfMemory explains the end of a process that the kernel ended.
func (r *Resources) OutOfMemory() string {
	if r == nil || r.Limits.Memory == 0 {
		return "out of memory: the kernel ended a process of the job"
	}
	return fmt.Sprintf("out of memory: the kernel ended a process, because the job may use %.4g MiB (resources.limits.memory)", float64(r.Limits.Memory)/(1<<20))
}

// maxCPUs is the bound of the SDK's own check.
const maxCPUs = 256

// ParseResources reads a job's resources in each of the shapes an author may
// write: both sides, one of them, which then counts for both, or the fields of
// one side without any. Nothing (empty or null) is nil.
func ParseResources(raw json.RawMessage) (*Resources, error) {
	if trimmed := bytes.TrimSpace(raw); len(trimmed) == 0 || bytes.Equal(trimmed, []byte("null")) {
		return nil, nil
	}
	type side struct {
		Memory *string  `json:"memory"`
		CPUs   *float64 `json:"cpus"`
	}
	var in struct {
		side
		Requests *side `json:"requests"`
		Limits   *side `json:"limits"`
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		return nil, fmt.Errorf("executor: resources: %w", err)
	}
	if in.Memory != nil || in.CPUs != nil {
		if in.Requests != nil || in.Limits != nil {
			return nil, fmt.Errorf("executor: resources: write either {cpus, memory} or {requests, limits}, not both")
		}
		in.Requests = &in.side
	}
	var out Resources
	for _, s := range []struct {
		name string
		from *side
		to   *Amount
	}{{"requests", in.Requests, &out.Requests}, {"limits", in.Limits, &out.Limits}} {
		if s.from == nil {
			continue
		}
		if c := s.from.CPUs; c != nil {
			if !(*c > 0 && *c <= maxCPUs) {
				return nil, fmt.Errorf("executor: resources: %s.cpus: %v is not between 0 and %d", s.name, *c, maxCPUs)
			}
			s.to.CPUs = *c
		}
		if m := s.from.Memory; m != nil {
			n, err := parseMemory(*m)
			if err != nil {
				return nil, fmt.Errorf("executor: resources: %s.memory: %w", s.name, err)
			}
			s.to.Memory = n
		}
	}
	if in.Requests == nil {
		out.Requests = out.Limits
	}
	if in.Limits == nil {
		out.Limits = out.Requests
	}
	return &out, nil
}

// parseMemory reads "512m", "1.5G", "2048 k": powers of 1024.
func parseMemory(text string) (int64, error) {
	bad := fmt.Errorf("%q is no amount of memory; write 512m, 4g or 2048k", text)
	if text == "" {
		return 0, bad
	}
	shift := map[byte]uint{'k': 10, 'm': 20, 'g': 30}[text[len(text)-1]|0x20]
	digits := strings.TrimSpace(text[:len(text)-1])
	if shift == 0 || digits == "" || strings.Trim(digits, "0123456789.") != "" || strings.HasSuffix(digits, ".") || strings.HasPrefix(digits, ".") {
		return 0, bad
	}
	v, err := strconv.ParseFloat(digits, 64)
	if err != nil {
		return 0, bad
	}
	v *= float64(uint64(1) << shift)
	if v < 1 || v >= math.MaxInt64 {
		return 0, bad
	}
	return int64(v), nil
}
