package kicitest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Reply says what a request with fetch is answered. Like a [Script] it is
// found by its newest fit, and is an option too.
type Reply struct {
	method, url string
	status      int
	header      http.Header
	body        []byte
	takes       time.Duration
	err         error
}

func (r *Reply) apply(to *settings) { to.replies = append(to.replies, r) }

// Fetch scripts requests: "https://example.com/x" for any method, "POST
// https://example.com/x" for one, with a star at the end for everything below.
// The answer is 200 and empty until something else is said.
func Fetch(request string) *Reply {
	r := &Reply{status: http.StatusOK, header: http.Header{}, url: request}
	if method, url, ok := strings.Cut(request, " "); ok {
		r.method, r.url = strings.ToUpper(method), strings.TrimSpace(url)
	}
	return r
}

// Replies answers with a status and a body: text as it is, anything else as
// JSON. A value that has no JSON panics.
func (r *Reply) Replies(status int, body any) *Reply {
	r.status = status
	switch b := body.(type) {
	case nil:
		r.body = nil
	case string:
		r.body = []byte(b)
	case []byte:
		r.body = slices.Clone(b)
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			panic("kicitest: Replies: " + err.Error())
		}
		r.body = raw
		r.header.Set("Content-Type", "application/json")
	}
	return r
}

// Header sets a header of the answer.
func (r *Reply) Header(key, value string) *Reply { r.header.Set(key, value); return r }

// Takes lets time pass before the answer.
func (r *Reply) Takes(d time.Duration) *Reply { r.takes = d; return r }

// Fails breaks the connection.
func (r *Reply) Fails(err error) *Reply { r.err = err; return r }

func (r *Reply) covers(req *http.Request) bool {
	if r.method != "" && r.method != req.Method {
		return false
	}
	url := req.URL.String()
	if prefix, open := strings.CutSuffix(r.url, "*"); open {
		return strings.HasPrefix(url, prefix)
	}
	return url == r.url
}

// Request is what a workflow fetched.
type Request struct {
	Workflow, Job, Step string
	Method, URL         string
	Header              http.Header
	Body                string
	Status              int // 0 when there was no answer
	Started             time.Duration
}

// network answers the requests of all jobs; which run they belong to is in
// their context.
type network struct{}

// RoundTrip implements http.RoundTripper.
func (network) RoundTrip(req *http.Request) (*http.Response, error) {
	b, ok := req.Context().Value(benchKey{}).(*bench)
	if !ok {
		return nil, errors.New("kicitest: a request that belongs to no job")
	}
	body, err := readBody(req)
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	step := b.step
	b.mu.Unlock()
	asked := &Request{
		Workflow: b.job.Workflow, Job: b.job.Name, Step: step, Method: req.Method, URL: req.URL.String(),
		Header: req.Header.Clone(), Body: string(body), Started: b.run.since(),
	}
	reply, err := b.run.reply(req, asked, b.job.Run)
	if err != nil {
		return nil, err
	}
	if reply == nil {
		return outside(req, body, asked)
	}
	if reply.takes > 0 {
		timer := time.NewTimer(reply.takes)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-req.Context().Done():
			return nil, req.Context().Err()
		}
	}
	if reply.err != nil {
		return nil, reply.err
	}
	asked.Status = reply.status
	return &http.Response{
		Status: fmt.Sprintf("%d %s", reply.status, http.StatusText(reply.status)), StatusCode: reply.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: reply.header.Clone(), Request: req,
		Body: io.NopCloser(bytes.NewReader(reply.body)), ContentLength: int64(len(reply.body)),
	}, nil
}

func readBody(req *http.Request) ([]byte, error) {
	if req.Body == nil {
		return nil, nil
	}
	defer req.Body.Close()
	return io.ReadAll(req.Body)
}

// outside really goes out. The connection is not kept: it would outlive the
// run, and a bubble waits for all of its goroutines.
func outside(req *http.Request, body []byte, asked *Request) (*http.Response, error) {
	transport := &http.Transport{DisableKeepAlives: true, Proxy: nil}
	out := req.Clone(req.Context())
	out.Body = io.NopCloser(bytes.NewReader(body))
	res, err := transport.RoundTrip(out)
	if err == nil {
		asked.Status = res.StatusCode
	}
	return res, err
}

// reply finds the answer of a request; nil to send it out.
func (r *running) reply(req *http.Request, asked *Request, run string) (*Reply, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.own(asked, run)
	for _, reply := range slices.Backward(r.settings.replies) {
		if reply.covers(req) {
			r.requests = append(r.requests, asked)
			return reply, nil
		}
	}
	if r.settings.network {
		r.requests = append(r.requests, asked)
		return nil, nil
	}
	text := fmt.Sprintf("no reply for the request %s %s (job %s)", asked.Method, asked.URL, asked.Job)
	r.missing = append(r.missing, text)
	return nil, errors.New(text)
}
