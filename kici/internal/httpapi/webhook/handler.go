package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"strconv"
	"strings"

	"github.com/kici-dev/kici-go/engine/intake"
	"github.com/kici-dev/kici-go/engine/provider"
)

// Intake is where deliveries go.
type Intake interface {
	Open(ctx context.Context, idOrName string) (*intake.Gate, error)
	Accept(ctx context.Context, g *intake.Gate, in *provider.Inbound) (intake.Receipt, error)
}

// Handler answers deliveries.
type Handler struct {
	Intake Intake
	Log    *slog.Logger
	// Org is the organisation whose id stands in the path; empty takes any.
	Org string
}

// Routes registers the handler's paths.
func (h *Handler) Routes(mux *http.ServeMux) {
	for _, base := range []string{"/webhook", "/webhooks"} {
		mux.Handle("POST "+base+"/{org}/{kind}/{source}", h)
		mux.Handle("POST "+base+"/{org}/{kind}/{source}/{rest...}", h)
	}
}

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	receipt, err := h.accept(w, r)
	if err != nil {
		h.refuse(w, r, err)
		return
	}
	h.Log.Info("delivery accepted", "delivery", receipt.ID, "source", r.PathValue("source"), "duplicate", receipt.Duplicate)
	answer(w, http.StatusAccepted, map[string]any{"deliveryId": receipt.ID, "requestId": receipt.ID, "duplicate": receipt.Duplicate})
}

func (h *Handler) accept(w http.ResponseWriter, r *http.Request) (intake.Receipt, error) {
	if h.Org != "" && r.PathValue("org") != h.Org {
		return intake.Receipt{}, intake.ErrNoSource
	}
	g, err := h.Intake.Open(r.Context(), r.PathValue("source"))
	if err != nil {
		return intake.Receipt{}, err
	}
	if r.ContentLength > g.Settings.MaxPayloadBytes {
		return intake.Receipt{}, intake.ErrTooLarge
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, g.Settings.MaxPayloadBytes))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return intake.Receipt{}, intake.ErrTooLarge
	case err != nil:
		return intake.Receipt{}, errBody
	}
	return h.Intake.Accept(r.Context(), g, &provider.Inbound{
		Header: r.Header, Body: body, Path: strings.Trim(r.PathValue("rest"), "/"), Remote: remote(r),
	})
}

// errBody: the sender stopped in the middle.
var errBody = errors.New("the body could not be read")

func remote(r *http.Request) netip.Addr {
	if at, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		return at.Addr()
	}
	// Without an address a request could pass for one made in this process.
	return netip.IPv4Unspecified()
}

// Status is what the sender gets for an error of intake or a provider.
func Status(err error) (code int, text string) {
	for _, c := range []struct {
		err  error
		code int
		text string
	}{
		{intake.ErrNoSource, http.StatusNotFound, "there is no such source"},
		{intake.ErrDisabled, http.StatusNotFound, "the source is disabled"},
		{intake.ErrTooLarge, http.StatusRequestEntityTooLarge, "the body is larger than the source allows"},
		{errBody, http.StatusBadRequest, "the body could not be read"},
		{provider.ErrSignature, http.StatusUnauthorized, "signature or token are missing or wrong"},
		{provider.ErrForbidden, http.StatusForbidden, "deliveries from this address are not allowed"},
		{provider.ErrMalformed, http.StatusBadRequest, "the body is not what this source expects"},
		{provider.ErrMisconfigured, http.StatusInternalServerError, "the source is misconfigured; its operator finds the reason in the log"},
	} {
		if errors.Is(err, c.err) {
			return c.code, c.text
		}
	}
	var late *intake.RateError
	if errors.As(err, &late) {
		return http.StatusTooManyRequests, "too many deliveries; try again later"
	}
	return http.StatusServiceUnavailable, "the delivery could not be stored; try again"
}

func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, err error) {
	code, text := Status(err)
	var late *intake.RateError
	if errors.As(err, &late) {
		w.Header().Set("Retry-After", strconv.Itoa(1+int(late.RetryAfter.Seconds())))
	}
	if code >= http.StatusInternalServerError {
		w.Header().Set("Retry-After", "5")
		h.Log.Error("a delivery was refused", "source", r.PathValue("source"), "status", code, "err", err)
	}
	answer(w, code, map[string]any{"error": text})
}

func answer(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body) // the sender may have gone
}
