package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/dop251/goja"

	"github.com/kici-dev/kici-go/executor/js"
)

const (
	maxRedirects = 20
	readSize     = 64 << 10
)

// exchange is one request of a VM. The map that holds it belongs to the loop;
// body is used by one read at a time.
type exchange struct {
	cancel context.CancelFunc
	body   io.ReadCloser
}

type fetcher struct {
	h      js.Host
	client *http.Client
	open   map[int64]*exchange
	last   int64
}

// fetchNatives: request sends and answers with the head of the response, read
// takes the next piece of its body, cancel ends it at any time.
func fetchNatives(client *http.Client) natives {
	if client == nil {
		client = &http.Client{}
	}
	return func(h js.Host) (map[string]any, error) {
		f := &fetcher{h: h, client: client, open: map[int64]*exchange{}}
		h.OnClose(f.close)
		return map[string]any{
			"id": func(goja.FunctionCall) goja.Value {
				f.last++
				return h.Runtime().ToValue(f.last)
			},
			"request": f.request,
			"read":    f.read,
			"cancel":  func(c goja.FunctionCall) goja.Value { f.end(c.Argument(0).ToInteger()); return goja.Undefined() },
		}, nil
	}
}

func (f *fetcher) close() {
	for id := range f.open {
		f.end(id)
	}
}

// end cancels an exchange; a read under way sees its context end.
func (f *fetcher) end(id int64) {
	if e := f.open[id]; e != nil {
		delete(f.open, id)
		e.cancel()
		if e.body != nil {
			_ = e.body.Close()
		}
	}
}

type answer struct {
	response   *http.Response
	redirected bool
}

func (f *fetcher) request(c goja.FunctionCall) goja.Value {
	o := c.Argument(0).ToObject(f.h.Runtime())
	var body []byte
	if b, ok := o.Get("body").Export().(goja.ArrayBuffer); ok {
		body = bytes.Clone(b.Bytes())
	}
	ctx, cancel := context.WithCancel(f.h.Context())
	req, err := http.NewRequestWithContext(ctx, o.Get("method").String(), o.Get("url").String(), bytes.NewReader(body))
	if err != nil {
		cancel()
		panic(f.h.NewError(err))
	}
	if body == nil {
		req.Body = http.NoBody
	}
	f.setHeaders(req, o.Get("headers").ToObject(f.h.Runtime()))
	id := o.Get("id").ToInteger()
	e := &exchange{cancel: cancel}
	f.open[id] = e
	client := *f.client
	redirected := false
	client.CheckRedirect = redirectPolicy(o.Get("redirect").String(), &redirected)
	return js.Async(f.h, func(context.Context) (answer, error) {
		res, err := client.Do(req)
		return answer{res, redirected}, err
	}, func(a answer, err error) goja.Value {
		if err != nil {
			f.end(id)
			panic(f.h.NewError(err))
		}
		if f.open[id] != e {
			_ = a.response.Body.Close()
			panic(f.h.NewError(context.Canceled))
		}
		e.body = a.response.Body
		return f.head(a)
	})
}

func (f *fetcher) setHeaders(req *http.Request, pairs *goja.Object) {
	req.Header.Set("Accept", "*/*")
	req.Header.Set("User-Agent", "kici")
	for _, key := range pairs.Keys() {
		pair := pairs.Get(key).ToObject(f.h.Runtime())
		name, value := pair.Get("0").String(), pair.Get("1").String()
		if strings.EqualFold(name, "host") {
			req.Host = value
			continue
		}
		req.Header.Set(name, value)
	}
}

func redirectPolicy(mode string, redirected *bool) func(*http.Request, []*http.Request) error {
	return func(_ *http.Request, via []*http.Request) error {
		switch {
		case mode == "manual":
			return http.ErrUseLastResponse
		case mode == "error":
			return errors.New("unexpected redirect")
		case len(via) > maxRedirects:
			return errors.New("redirect count exceeded")
		}
		*redirected = true
		return nil
	}
}

func (f *fetcher) head(a answer) goja.Value {
	rt, res := f.h.Runtime(), a.response
	var headers []any
	for name, values := range res.Header {
		for _, v := range values {
			headers = append(headers, rt.NewArray(strings.ToLower(name), v))
		}
	}
	o := rt.NewObject()
	_ = o.Set("status", res.StatusCode)
	_ = o.Set("statusText", strings.TrimPrefix(res.Status, fmt.Sprintf("%d ", res.StatusCode)))
	_ = o.Set("url", res.Request.URL.String())
	_ = o.Set("redirected", a.redirected)
	_ = o.Set("headers", rt.NewArray(headers...))
	return o
}

func (f *fetcher) read(c goja.FunctionCall) goja.Value {
	id := c.Argument(0).ToInteger()
	e := f.open[id]
	return js.Async(f.h, func(context.Context) ([]byte, error) {
		if e == nil || e.body == nil {
			return nil, context.Canceled
		}
		buf := make([]byte, readSize)
		n, err := e.body.Read(buf)
		for n == 0 && err == nil {
			n, err = e.body.Read(buf)
		}
		if n > 0 {
			return buf[:n], nil
		}
		return nil, err
	}, func(data []byte, err error) goja.Value {
		switch {
		case errors.Is(err, io.EOF):
			f.end(id)
			return goja.Null()
		case err != nil:
			f.end(id)
			panic(f.h.NewError(err))
		}
		return f.h.Runtime().ToValue(f.h.Runtime().NewArrayBuffer(data))
	})
}
