package provider

import (
	"crypto/sha256"
	"sync"
)

// Parsed remembers configurations by the hash of their text, which holds secrets:
// one is asked for several times by
// every delivery, and rarely changes. The zero value is ready; what it gives is
// shared and not changed.
type Parsed[C any] struct {
	mu sync.Mutex // guards by
	by map[[sha256.Size]byte]*C
}

// maxParsed bounds what is remembered. Sources are as many as operators made, but
// each change of one is another text.
const maxParsed = 1000

// Get gives what parse says of data, of which it is asked once. Mistakes are not
// remembered.
func (p *Parsed[C]) Get(data []byte, parse func([]byte) (*C, error)) (*C, error) {
	key := sha256.Sum256(data)
	p.mu.Lock()
	c := p.by[key]
	p.mu.Unlock()
	if c != nil {
		return c, nil
	}
	c, err := parse(data)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.by == nil || len(p.by) >= maxParsed {
		p.by = map[[sha256.Size]byte]*C{}
	}
	p.by[key] = c
	return c, nil
}
