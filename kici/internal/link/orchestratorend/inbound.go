package orchestratorend

import (
	"context"
	"errors"
	"time"

	"github.com/kici-dev/kici-go/transport/message"
)

// inbound is what arrives over one connection.
type inbound struct {
	l     *Link
	ctx   context.Context // of the link: what has begun ends, whatever the connection does
	stop  context.CancelCauseFunc
	parts *assembler
}

func (c *inbound) records(ctx context.Context, batch []message.Message) error {
	for _, m := range batch {
		if err := c.now(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

func (c *inbound) now(_ context.Context, m message.Message) error {
	switch m := m.(type) {
	case *message.WebhookRelayStart:
		whole, refusal := c.parts.begin(m)
		c.next(m.MessageID, whole, refusal)
	case *message.WebhookRelayChunk:
		whole, refusal := c.parts.add(m)
		c.next(m.MessageID, whole, refusal)
	case *message.SourceRegisterAck:
		c.l.registered(m)
	case *message.RunRerunRequest:
		c.l.work.Go(func() { c.rerun(m) })
	case *message.RunCancelRequest:
		c.l.work.Go(func() { c.cancel(m) })
	case *message.DashboardRequest:
		c.l.work.Go(func() { c.dashboard(m) })
	}
	return nil
}

// next goes on with a delivery that is whole, or refuses it.
func (c *inbound) next(id string, whole *parts, refusal string) {
	switch {
	case refusal != "":
		c.l.work.Go(func() { c.nack(id, refusal) })
	case whole != nil:
		c.l.work.Go(func() { c.deliver(whole) })
	}
}

// answerLimit bounds how long an answer may wait to be sent: the relay waits no
// longer.
const answerLimit = 5 * time.Second

func (c *inbound) deliver(p *parts) {
	defer c.parts.release(p)
	d, refusal := p.delivery()
	if refusal != "" {
		c.nack(p.start.MessageID, refusal)
		return
	}
	ack, err := c.l.config.Intake.Accept(c.ctx, d)
	if err != nil {
		c.l.log.Error("a delivery of the relay could not be taken in", "delivery", p.start.DeliveryID, "requestId", p.start.RequestID, "err", err)
		c.nack(p.start.MessageID, "it could not be stored")
		return
	}
	ack.DeliveryID = p.start.DeliveryID
	c.answer(ack)
}

// answer sends what somebody waits for.
func (c *inbound) answer(m message.Message) {
	ctx, stop := context.WithTimeout(c.ctx, answerLimit)
	defer stop()
	if err := c.l.send(ctx, m); err != nil && c.ctx.Err() == nil {
		c.l.log.Warn("an answer could not be sent to the relay", "type", m.Type(), "err", err)
	}
}

func (c *inbound) nack(id, reason string) {
	ctx, stop := context.WithTimeout(c.ctx, answerLimit)
	defer stop()
	c.l.log.Warn("a delivery of the relay was refused", "messageId", id, "reason", reason)
	_ = c.l.session.SendNow(ctx, &message.Nack{MessageID: id, Reason: reason}) // without it the relay waits out its time
}

// RequestError is why a request is not done, as it is told to who asked.
type RequestError struct {
	Code   string // not_found, conflict, invalid_payload, unsupported_request_type, …
	Status int    // as an HTTP answer
	Text   string
}

func (e *RequestError) Error() string { return e.Text }

// errNoDesk: nobody answers requests here.
var errNoDesk = &RequestError{"unsupported_request_type", 501, "this orchestrator does not answer such requests"}

func failure(err error) message.Failure {
	var known *RequestError
	if errors.As(err, &known) {
		return message.Failure{Error: known.Text, Code: known.Code, Status: known.Status}
	}
	return message.Failure{Error: "the request could not be carried out", Code: "internal", Status: 500}
}

func (c *inbound) rerun(q *message.RunRerunRequest) {
	a := &message.RunRerunResponse{MessageID: q.MessageID, RequestID: q.RequestID}
	var err error = errNoDesk
	if c.l.config.Desk != nil {
		a.NewRunID, err = c.l.config.Desk.Rerun(c.ctx, q)
	}
	if err != nil {
		a.Failure = failure(err)
	}
	c.l.log.Info("asked to run again", "run", q.RunID, "newRun", a.NewRunID, "actor", q.Actor.Type+":"+q.Actor.ID, "requestId", q.RequestID, "err", a.Error)
	c.answer(a)
}

func (c *inbound) cancel(q *message.RunCancelRequest) {
	a := &message.RunCancelResponse{MessageID: q.MessageID, RequestID: q.RequestID}
	var err error = errNoDesk
	if c.l.config.Desk != nil {
		a.CancelledJobs, err = c.l.config.Desk.Cancel(c.ctx, q)
	}
	if err != nil {
		a.Failure = failure(err)
	}
	c.l.log.Info("asked to cancel", "run", q.RunID, "jobs", a.CancelledJobs, "actor", q.Actor.Type+":"+q.Actor.ID, "requestId", q.RequestID, "err", a.Error)
	c.answer(a)
}

func (c *inbound) dashboard(q *message.DashboardRequest) {
	part := 0
	tell := func(a *message.DashboardResponse) error {
		a.Kind, a.RequestID, a.Part = q.Kind, q.RequestID, part
		part++
		ctx, stop := context.WithTimeout(c.ctx, answerLimit)
		defer stop()
		return c.l.send(ctx, a)
	}
	var err error = errNoDesk
	if c.l.config.Desk != nil {
		err = c.l.config.Desk.Dashboard(c.ctx, q, tell)
	}
	if err != nil {
		if err := tell(&message.DashboardResponse{Failure: failure(err)}); err != nil && c.ctx.Err() == nil {
			c.l.log.Warn("an answer could not be sent to the relay", "requestId", q.RequestID, "err", err)
		}
	}
	c.l.log.Info("asked by a dashboard", "kind", q.Kind, "actor", q.Actor.Type+":"+q.Actor.ID, "requestId", q.RequestID)
}
