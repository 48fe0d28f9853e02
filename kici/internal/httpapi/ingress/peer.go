package ingress

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/kici-dev/kici-go/engine/relay"
)

// PeerPath is where relays of one name hand each other deliveries.
const PeerPath = "/api/v1/relay/deliveries"

// What a relay shows another one: when it was sent, and a MAC over that and the
// whole of what was sent.
const (
	timeHeader = "X-Kici-Relay-Time"
	sealHeader = "X-Kici-Relay-Seal"
	// skew is how far clocks may be apart. Within it a message could be sent again
	// by who overheard it; the orchestrator knows the delivery's id by then.
	skew = 2 * time.Minute
)

// passed is a delivery without its body, which follows behind.
type passed struct {
	Delivery relay.Delivery `json:"delivery"`
	// Raw holds header values that are no text.
	Raw map[string][][]byte `json:"raw"`
}

// maxHead bounds a delivery without its body: headers are bounded by the server.
const maxHead = 1 << 20

func seal(key []byte, stamp string, body []byte) string {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(stamp + "\n"))
	m.Write(body)
	return hex.EncodeToString(m.Sum(nil))
}

// pack is four bytes of length, the delivery without body as JSON, and the body.
func pack(d *relay.Delivery) ([]byte, error) {
	p := passed{Delivery: *d, Raw: map[string][][]byte{}}
	p.Delivery.Body, p.Delivery.Header = nil, nil
	for name, values := range d.Header {
		for _, v := range values {
			p.Raw[name] = append(p.Raw[name], []byte(v))
		}
	}
	head, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	out := binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(head)+len(d.Body)), uint32(len(head)))
	return append(append(out, head...), d.Body...), nil
}

func unpack(b []byte) (*relay.Delivery, error) {
	if len(b) < 4 {
		return nil, errors.New("ingress: no delivery")
	}
	n := binary.BigEndian.Uint32(b)
	if n > maxHead || int(n) > len(b)-4 {
		return nil, errors.New("ingress: the head of a delivery is longer than all of it")
	}
	var p passed
	if err := json.Unmarshal(b[4:4+n], &p); err != nil {
		return nil, fmt.Errorf("ingress: the head of a delivery: %w", err)
	}
	d := &p.Delivery
	d.Body, d.Header = b[4+n:], http.Header{}
	for name, values := range p.Raw {
		for _, v := range values {
			d.Header[name] = append(d.Header[name], string(v))
		}
	}
	return d, nil
}

// peer takes a delivery of another relay.
func (h *Handler) peer(w http.ResponseWriter, r *http.Request) {
	const most = MaxBody + maxHead + 4
	if len(h.Key) == 0 {
		send(w, http.StatusNotFound, map[string]any{"error": "this relay takes nothing from others"})
		return
	}
	in := &held{budget: h.budget, from: http.MaxBytesReader(w, r.Body, most)}
	defer in.release()
	body, err := io.ReadAll(in)
	if err != nil {
		code := http.StatusBadRequest
		if errors.Is(err, errBusy) {
			code = http.StatusServiceUnavailable
		}
		send(w, code, map[string]any{"error": "the delivery could not be read: " + err.Error()})
		return
	}
	if !h.sealed(r, body) {
		h.Log.Warn("a delivery of another relay was not sealed with our key", "addr", r.RemoteAddr)
		send(w, http.StatusUnauthorized, map[string]any{"error": "the seal is not of this relay's key, or too old"})
		return
	}
	d, err := unpack(body)
	if err != nil {
		send(w, http.StatusBadRequest, map[string]any{"error": err.Error()})
		return
	}
	v, err := h.Relay.Local(r.Context(), d)
	if err != nil && v.Result == "" {
		send(w, http.StatusServiceUnavailable, map[string]any{"error": err.Error()})
		return
	}
	send(w, http.StatusOK, v)
}

func (h *Handler) sealed(r *http.Request, body []byte) bool {
	stamp := r.Header.Get(timeHeader)
	at, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || h.Now().Sub(time.UnixMilli(at)).Abs() > skew {
		return false
	}
	return hmac.Equal([]byte(seal(h.Key, stamp, body)), []byte(r.Header.Get(sealHeader)))
}

// Peers sends deliveries to other relays.
type Peers struct {
	Key    []byte
	Client *http.Client
	Now    func() time.Time
}

// Forward sends a delivery to the relay at an address, and gives its verdict.
func (p *Peers) Forward(ctx context.Context, url string, d *relay.Delivery) (relay.Verdict, error) {
	var v relay.Verdict
	body, err := pack(d)
	if err != nil {
		return v, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(url, "/")+PeerPath, bytes.NewReader(body))
	if err != nil {
		return v, err
	}
	stamp := strconv.FormatInt(p.Now().UnixMilli(), 10)
	req.Header.Set(timeHeader, stamp)
	req.Header.Set(sealHeader, seal(p.Key, stamp, body))
	res, err := p.Client.Do(req)
	if err != nil {
		return v, err
	}
	defer res.Body.Close() //nolint:errcheck // it was read
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxHead))
	if err != nil {
		return v, err
	}
	if res.StatusCode != http.StatusOK {
		return v, fmt.Errorf("ingress: the relay at %s answered %d", url, res.StatusCode)
	}
	err = json.Unmarshal(answer, &v)
	return v, err
}

var _ relay.Peers = (*Peers)(nil)
