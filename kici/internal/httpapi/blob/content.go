package blob

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/kici-dev/kici-go/engine/blob"
)

// content makes an object seekable for http.ServeContent, which knows all about
// ranges: a seek costs nothing until something is read there.
type content struct {
	ctx   context.Context // of the one request that content serves
	store blob.Store
	info  blob.Info
	body  io.ReadCloser // gives what comes after at
	at    int64
	pos   int64 // where to read next
}

func (c *content) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += c.pos
	case io.SeekEnd:
		offset += c.info.Size
	}
	if offset < 0 {
		return 0, errors.New("blob: seek before the start")
	}
	c.pos = offset
	return offset, nil
}

func (c *content) Read(p []byte) (int, error) {
	if c.pos >= c.info.Size {
		return 0, io.EOF
	}
	if c.at != c.pos {
		if err := c.open(); err != nil {
			return 0, err
		}
	}
	n, err := c.body.Read(p)
	c.at += int64(n)
	c.pos = c.at
	return n, err
}

func (c *content) open() error {
	object, err := c.store.Get(c.ctx, c.info.Key, blob.Range{From: c.pos})
	if err != nil {
		return err
	}
	c.close()
	c.body, c.at = object.Body, c.pos
	if object.SHA256 != c.info.SHA256 {
		return fmt.Errorf("blob: %s was replaced while it was read", c.info.Key)
	}
	return nil
}

func (c *content) close() {
	_ = c.body.Close() // it was only read
}
