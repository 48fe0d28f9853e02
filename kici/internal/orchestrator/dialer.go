package orchestrator

import (
	"context"
	"io"
	"net/http"

	"github.com/kici-dev/kici-go/transport"
)

// Dialer connects an agent in the process of its orchestrator: the link goes
// through memory, and so do the requests that the agent makes by links to blobs.
type Dialer struct{ o *Orchestrator }

// Dial opens a connection.
func (d *Dialer) Dial(ctx context.Context) (transport.Conn, error) { return d.o.wire.Dial(ctx) }

// RoundTrip asks the orchestrator's handler, whatever host the URL names.
func (d *Dialer) RoundTrip(r *http.Request) (*http.Response, error) {
	body, in := io.Pipe()
	w := &responder{header: http.Header{}, pipe: in, wrote: make(chan struct{})}
	go func() { // ends with the handler, which fails to write once nobody reads
		d.o.ServeHTTP(w, r)
		w.WriteHeader(http.StatusOK)
		_ = in.Close() // a pipe's Close never fails
		if r.Body != nil {
			_ = r.Body.Close()
		}
	}()
	select {
	case <-w.wrote:
	case <-r.Context().Done():
		_ = body.CloseWithError(context.Cause(r.Context()))
		return nil, context.Cause(r.Context())
	}
	return &http.Response{
		Status: http.StatusText(w.code), StatusCode: w.code, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.sent, Body: body, ContentLength: -1, Request: r,
	}, nil
}

// responder is the writer of one request.
type responder struct {
	header, sent http.Header
	code         int
	pipe         *io.PipeWriter
	wrote        chan struct{} // closed when code and sent are set
}

func (w *responder) Header() http.Header { return w.header }

func (w *responder) WriteHeader(code int) {
	if w.code != 0 {
		return
	}
	w.code, w.sent = code, w.header.Clone()
	close(w.wrote)
}

func (w *responder) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.pipe.Write(p)
}
