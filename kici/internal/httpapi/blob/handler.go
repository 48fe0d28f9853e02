package blob

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/blob"
)

// DefaultLimit bounds an upload when the handler has no limit of its own: no
// single cache may be larger than all of them together.
const DefaultLimit = 5 << 30

// Handler serves blob.Path and what lies below it.
type Handler struct {
	Store  blob.Store
	Signer *blob.Signer
	Limit  int64 // bytes of an upload; zero means DefaultLimit
	Log    *slog.Logger
}

// ServeHTTP answers GET, HEAD and PUT of signed links.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	key, below := strings.CutPrefix(r.URL.Path, blob.Path)
	if !below {
		refuse(w, http.StatusNotFound, "no such path")
		return
	}
	signed := r.Method
	switch r.Method {
	case http.MethodHead:
		signed = http.MethodGet
	case http.MethodGet, http.MethodPut:
	default:
		w.Header().Set("Allow", "GET, HEAD, PUT")
		refuse(w, http.StatusMethodNotAllowed, "only GET, HEAD and PUT are served here")
		return
	}
	if err := h.Signer.Verify(signed, key, r.URL.Query().Get("sig")); err != nil {
		h.fail(w, r, err)
		return
	}
	if r.Method == http.MethodPut {
		h.put(w, r, key)
		return
	}
	h.get(w, r, key)
}

func (h *Handler) get(w http.ResponseWriter, r *http.Request, key string) {
	object, err := h.Store.Get(r.Context(), key, blob.Range{})
	if err != nil {
		h.fail(w, r, err)
		return
	}
	content := &content{ctx: r.Context(), store: h.Store, info: object.Info, body: object.Body}
	defer content.close()
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("ETag", `"`+object.SHA256+`"`)
	w.Header().Set("Cache-Control", "private, no-store") // links are secrets; so is what they lead to
	http.ServeContent(w, r, "", object.Created, content)
}

// stored is the answer to a PUT.
type stored struct {
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

func (h *Handler) put(w http.ResponseWriter, r *http.Request, key string) {
	limit := h.Limit
	if limit <= 0 {
		limit = DefaultLimit
	}
	if r.ContentLength > limit { // before the body is even asked for
		h.fail(w, r, &http.MaxBytesError{Limit: limit})
		return
	}
	body := &upload{body: http.MaxBytesReader(w, r.Body, limit)}
	info, err := h.Store.Put(r.Context(), key, body)
	switch {
	case err == nil:
		w.Header().Set("ETag", `"`+info.SHA256+`"`)
		answer(w, http.StatusCreated, stored{Size: info.Size, SHA256: info.SHA256})
	case body.err != nil && !tooLarge(body.err):
		refuse(w, http.StatusBadRequest, "the upload ended early: "+body.err.Error())
	default:
		h.fail(w, r, err)
	}
}

// upload remembers whether it was the sender who failed.
type upload struct {
	body io.Reader
	err  error
}

func (u *upload) Read(p []byte) (int, error) {
	n, err := u.body.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		u.err = err
	}
	return n, err
}

func tooLarge(err error) bool {
	var e *http.MaxBytesError
	return errors.As(err, &e)
}

// fail maps an error to a status. What is nobody's business outside is logged.
func (h *Handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	var large *http.MaxBytesError
	switch {
	case errors.Is(err, blob.ErrSignature):
		refuse(w, http.StatusForbidden, "the link's signature does not match this method and path; ask the orchestrator for a new link")
	case errors.Is(err, blob.ErrExpired):
		refuse(w, http.StatusForbidden, "the link has expired; ask the orchestrator for a new one")
	case errors.Is(err, blob.ErrKey):
		refuse(w, http.StatusBadRequest, "no object can have that key")
	case errors.Is(err, engine.ErrNotFound):
		refuse(w, http.StatusNotFound, "there is no such object (any more)")
	case errors.As(err, &large):
		refuse(w, http.StatusRequestEntityTooLarge, fmt.Sprintf("the upload is larger than %d bytes", large.Limit))
	case r.Context().Err() != nil: // nobody is there to be told
	default:
		h.Log.ErrorContext(r.Context(), "blob request failed", "method", r.Method, "path", r.URL.Path, "error", err)
		refuse(w, http.StatusInternalServerError, "the object store failed; the orchestrator's log says how")
	}
}

func refuse(w http.ResponseWriter, status int, text string) {
	answer(w, status, map[string]string{"error": text})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the other side may be gone
}
