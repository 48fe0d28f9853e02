package adminclient

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Client talks to one orchestrator. It is safe for concurrent use.
type Client struct {
	Base  string // "http://localhost:4000", with the base path if there is one
	Token string
	HTTP  *http.Client // nil: one without a time-out, since logs may be followed for hours

	prefix string // of paths; Prefix when empty
}

// New makes one.
func New(base, token string) *Client {
	return &Client{Base: strings.TrimSuffix(base, "/"), Token: token}
}

// Prefix is where the API lies.
const Prefix = "/api/v1/admin"

// Error is an answer that is none.
type Error struct {
	Status   int       `json:"-"`
	Message  string    `json:"error"`
	Hint     string    `json:"hint,omitempty"`
	Problems []Problem `json:"problems,omitempty"`
}

// Problem is one thing that is wrong with what was sent.
type Problem struct {
	Path    string `json:"path"`
	Message string `json:"message"`
}

func (e *Error) Error() string {
	text := e.Message
	if text == "" {
		text = fmt.Sprintf("the orchestrator answers with status %d %s", e.Status, http.StatusText(e.Status))
	}
	for _, p := range e.Problems {
		text += "\n  " + strings.TrimPrefix(p.Path+": "+p.Message, ": ")
	}
	return text
}

// Is tells by status: errors.Is(err, &Error{Status: 404}).
func (e *Error) Is(target error) bool {
	var t *Error
	return errors.As(target, &t) && t.Status == e.Status
}

// maxAnswer bounds an answer that is held in memory.
const maxAnswer = 64 << 20

// call makes a request and decodes the answer into it, unless that is nil.
func (c *Client) call(ctx context.Context, method, path string, query url.Values, body, into any) error {
	stream, err := c.open(ctx, method, path, query, body)
	if err != nil {
		return err
	}
	defer stream.Close() //nolint:errcheck // it was only read
	if into == nil {
		return nil
	}
	if err := json.NewDecoder(io.LimitReader(stream, maxAnswer)).Decode(into); err != nil {
		return fmt.Errorf("adminclient: the answer of %s %s is not what was expected: %w", method, path, err)
	}
	return nil
}

// open makes a request and gives the answer's body.
func (c *Client) open(ctx context.Context, method, path string, query url.Values, body any) (io.ReadCloser, error) {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("adminclient: %w", err)
		}
		content = bytes.NewReader(text)
	}
	prefix := c.prefix
	if prefix == "" {
		prefix = Prefix
	}
	at := c.Base + prefix + path
	if len(query) > 0 {
		at += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, at, content)
	if err != nil {
		return nil, fmt.Errorf("adminclient: %w", err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.Token)
	}
	client := c.HTTP
	if client == nil {
		client = http.DefaultClient
	}
	res, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("adminclient: %w", err)
	}
	if res.StatusCode < 300 {
		return res.Body, nil
	}
	defer res.Body.Close() //nolint:errcheck // it was only read
	failure := &Error{Status: res.StatusCode}
	text, _ := io.ReadAll(io.LimitReader(res.Body, 1<<20)) // what came will do
	if json.Unmarshal(text, failure) != nil {
		failure.Message = fmt.Sprintf("%s answers with status %d, and not as an orchestrator does", c.Base, res.StatusCode)
	}
	return nil, failure
}

// seg is an id as part of a path.
func seg(id string) string { return "/" + url.PathEscape(id) }

// set adds what is not empty.
func set(q url.Values, pairs ...string) url.Values {
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	return q
}
