package main

import (
	"bufio"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

const secret = "a secret that only the sender knows"

// sender posts signed deliveries of about 2 KB, each different.
type sender struct {
	o       *orchestrator
	path    string
	headers string // besides signature and id, each ended by CRLF
	body    func(n int64) []byte
	sign    string // header
	id      string // header
	serial  atomic.Int64
	prefix  string // of ids
}

// generic sends to a source that nobody listens to.
func generic(o *orchestrator) *sender {
	filler := strings.Repeat("0123456789abcdef", 125)
	return &sender{o: o, path: "/webhook/default/generic/bench", sign: "X-Signature-256", id: "X-Delivery-Id", headers: "X-Event-Type: measured\r\n",
		prefix: fmt.Sprint(time.Now().UnixNano()),
		body:   func(n int64) []byte { return fmt.Appendf(nil, `{"n":%d,"filler":%q}`, n, filler) }}
}

// push sends pushes that match, with so many bytes more than they need.
func push(o *orchestrator, more int) *sender {
	commit := fmt.Sprintf(`{"id":%q,"message":"change","timestamp":"2026-01-01T00:00:00Z","author":{"name":"me","email":"me@localhost"},"added":[],"removed":[],"modified":["a.txt"]}`, o.b.head)
	filler := strings.Repeat("0123456789abcdef", more/16)
	return &sender{o: o, path: "/webhook/default/github-repo/bench", sign: "X-Hub-Signature-256", id: "X-GitHub-Delivery", headers: "X-GitHub-Event: push\r\n",
		prefix: fmt.Sprint(time.Now().UnixNano()),
		body: func(n int64) []byte {
			return fmt.Appendf(nil, `{"ref":"refs/heads/main","before":"%040d","after":%q,"created":false,"deleted":false,"forced":false,"compare":%q,"commits":[%s],"head_commit":%s,"repository":{"id":1,"name":"web","full_name":"acme/web","default_branch":"main","owner":{"login":"acme"}},"pusher":{"name":"me"},"sender":{"login":"me","id":%d}}`,
				1, o.b.head, filler, commit, commit, n)
		}}
}

// request writes one delivery.
func (s *sender) request(buf []byte) []byte {
	n := s.serial.Add(1)
	body := s.body(n)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	buf = fmt.Appendf(buf[:0], "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%s%s: sha256=%s\r\n%s: %s-%d\r\n\r\n",
		s.path, s.o.address, len(body), s.headers, s.sign, hex.EncodeToString(mac.Sum(nil)), s.id, s.prefix, n)
	return append(buf, body...)
}

// load is what came of a burst.
type load struct {
	sent  int
	took  time.Duration
	waits []time.Duration // from a request's first byte to the whole answer
}

func (l *load) rate() float64 { return float64(l.sent) / l.took.Seconds() }

// burst posts over so many connections until n were answered, or for a time when
// n is zero. Any answer but 202 ends it.
func (s *sender) burst(ctx context.Context, connections, n int, limit time.Duration) (*load, error) {
	out := &load{}
	var mu sync.Mutex
	var left atomic.Int64
	left.Store(int64(n))
	begin := time.Now()
	g, ctx := errgroup.WithContext(ctx)
	for range connections {
		g.Go(func() error {
			conn, err := net.Dial("tcp", s.o.address)
			if err != nil {
				return err
			}
			defer conn.Close() //nolint:errcheck // all was read
			c := &client{conn: conn, r: bufio.NewReader(conn)}
			var waits []time.Duration
			for ctx.Err() == nil {
				if n > 0 && left.Add(-1) < 0 || n == 0 && time.Since(begin) > limit {
					break
				}
				took, err := c.post(s)
				if err != nil {
					return err
				}
				waits = append(waits, took)
			}
			mu.Lock()
			defer mu.Unlock()
			out.waits = append(out.waits, waits...)
			return nil
		})
	}
	err := g.Wait()
	out.took, out.sent = time.Since(begin), len(out.waits)
	return out, err
}

// client is a connection that is kept.
type client struct {
	conn net.Conn
	r    *bufio.Reader
	buf  []byte
}

func (c *client) post(s *sender) (time.Duration, error) {
	c.buf = s.request(c.buf)
	begin := time.Now()
	if _, err := c.conn.Write(c.buf); err != nil {
		return 0, err
	}
	r, err := http.ReadResponse(c.r, nil)
	if err != nil {
		return 0, err
	}
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return 0, err
	}
	if r.StatusCode != http.StatusAccepted {
		return 0, fmt.Errorf("%s: %s", r.Status, text)
	}
	return time.Since(begin), nil
}

// steady posts at a rate over so many connections, for a time.
func (s *sender) steady(ctx context.Context, connections int, rate float64, limit time.Duration) (*load, error) {
	out := &load{}
	var mu sync.Mutex
	begin := time.Now()
	g, ctx := errgroup.WithContext(ctx)
	for k := range connections {
		g.Go(func() error {
			conn, err := net.Dial("tcp", s.o.address)
			if err != nil {
				return err
			}
			defer conn.Close() //nolint:errcheck // all was read
			c := &client{conn: conn, r: bufio.NewReader(conn)}
			pause := time.Duration(float64(connections) / rate * float64(time.Second))
			next := begin.Add(pause * time.Duration(k) / time.Duration(connections))
			for next.Before(begin.Add(limit)) {
				select {
				case <-ctx.Done():
					return context.Cause(ctx)
				case <-time.After(time.Until(next)):
				}
				took, err := c.post(s)
				if err != nil {
					return err
				}
				mu.Lock()
				out.waits = append(out.waits, took)
				mu.Unlock()
				next = next.Add(pause)
			}
			return nil
		})
	}
	err := g.Wait()
	out.took, out.sent = time.Since(begin), len(out.waits)
	return out, err
}
