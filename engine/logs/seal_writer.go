package logs

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/blob"
	"github.com/kici-dev/kici-go/engine/store"
)

// writer makes the archive while it is read, so that it is never in memory.
type writer struct {
	ctx   context.Context // of the one call of Seal that the writer serves
	store store.Store
	blobs blob.Store
	was   *engine.Seal
	seal  *engine.Seal

	before  io.ReadCloser // blocks of the seal before; nil when copied or none
	entries []entry
	next    int64 // line
	open    block
	page    []engine.Chunk
	out     []byte // made and not yet read
	whole   bool
	failed  error
}

func (w *writer) Read(p []byte) (int, error) {
	for len(w.out) == 0 && w.failed == nil && !w.whole {
		w.failed = w.make()
	}
	if len(w.out) == 0 {
		if w.failed == nil {
			return 0, io.EOF
		}
		return 0, w.failed
	}
	n := copy(p, w.out)
	w.out = w.out[n:]
	return n, nil
}

// make gives out something more.
func (w *writer) make() error {
	if w.was.Blob != "" && w.entries == nil {
		return w.openBefore()
	}
	if w.before != nil {
		return w.copyBefore()
	}
	for w.next < w.seal.Lines {
		b, err := w.chunk()
		if err != nil {
			return err
		}
		full := len(w.open.text)+len(b.text) > blockSize
		if full {
			w.flush()
		}
		w.open.join(b)
		w.next += int64(b.lines)
		if full {
			return nil
		}
	}
	w.flush()
	w.out = append(w.out, writeIndex(w.entries)...)
	w.whole = true
	return nil
}

func (w *writer) flush() {
	if w.open.lines == 0 {
		return
	}
	sealed, e := w.open.seal()
	w.out, w.entries = append(w.out, sealed...), append(w.entries, e)
	w.open.reset()
}

// openBefore begins with the blocks that are sealed; they are copied as they are.
func (w *writer) openBefore() (err error) {
	if w.entries, err = readIndex(w.ctx, w.blobs, w.was.Blob); err != nil {
		return err
	}
	var size, lines int64
	for _, e := range w.entries {
		size, lines = size+e.size, lines+e.lines
	}
	if lines != w.was.Lines || size == 0 {
		return fmt.Errorf("%w: %s has %d lines, not %d", ErrDamaged, w.was.Blob, lines, w.was.Lines)
	}
	object, err := w.blobs.Get(w.ctx, w.was.Blob, blob.Range{Length: size})
	if err == nil {
		w.before = object.Body
	}
	return err
}

func (w *writer) copyBefore() error {
	b := make([]byte, 64<<10)
	n, err := io.ReadFull(w.before, b)
	w.out = b[:n]
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		w.close()
		return nil
	}
	return err
}

// chunk reads the next one. When it is not there, somebody else has sealed it.
func (w *writer) chunk() (*block, error) {
	if len(w.page) == 0 {
		err := w.store.View(w.ctx, func(tx store.Tx) (err error) {
			w.page, err = tx.Logs().Read(w.ctx, w.seal.Attempt, w.seal.Step, w.next, page)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	if len(w.page) == 0 || w.page[0].First != w.next {
		return nil, engine.ErrConflict
	}
	c := &w.page[0]
	w.page = w.page[1:]
	return unpack(c)
}

func (w *writer) close() {
	if w.before != nil {
		_ = w.before.Close() // it was only read
		w.before = nil
	}
}
