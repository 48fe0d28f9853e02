package chaos

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"net"
	"strings"
	"time"
)

// leaderships are what orchestrators lead under.
func leaderships() []string { return []string{"dispatch", "intake", "cron", "events"} }

// leads writes down who leads, as Postgres sees it, whenever that changes. It
// looks from beside the links, so it sees what no orchestrator may see.
func (w *world) leads(ctx context.Context) {
	names := map[string]string{}
	for _, n := range leaderships() {
		names[lockKey(schema, n)] = n
	}
	last := map[string]string{}
	for _, n := range leaderships() {
		last[n] = "?" // so that the first look is news
	}
	for rest(ctx, 200*time.Millisecond) {
		rows, err := pgQuery(ctx, w.postgres.Socket(), `SELECT (l.classid::bigint << 32 | l.objid::bigint)::text, a.application_name || ' ' || a.pid
			FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE l.locktype = 'advisory' AND l.granted`)
		if err != nil {
			continue // it is being killed, or stands still
		}
		holders := map[string]string{}
		for _, r := range rows {
			if name := names[r[0]]; name != "" {
				holders[name] = r[1]
			}
		}
		for _, n := range leaderships() {
			if holders[n] == last[n] {
				continue
			}
			last[n] = holders[n]
			if holders[n] == "" {
				w.rec.add(Event{Kind: Vacant, ID: n})
			} else {
				w.rec.add(Event{Kind: Led, ID: n, Node: holders[n]})
			}
		}
	}
}

// lockKey is how the driver turns a name into a lock.
func lockKey(schema, name string) string {
	h := fnv.New64a()
	h.Write([]byte("kici\x00" + schema + "\x00" + name))
	return fmt.Sprint(int64(h.Sum64()))
}

// connections lists who is still connected to the database besides ourselves, and
// the advisory locks that are held, after all processes have ended. A packet that
// the kernel was told to throw away may have been the one that said goodbye, so our
// links end first, and the server has a moment.
func (w *world) connections(ctx context.Context) (out []string, err error) {
	for _, l := range w.links {
		l.Cut()
	}
	for range 25 {
		if out, err = w.connected(ctx); err != nil || len(out) == 0 || !rest(ctx, 200*time.Millisecond) {
			break
		}
	}
	return out, err
}

func (w *world) connected(ctx context.Context) ([]string, error) {
	rows, err := pgQuery(ctx, w.postgres.Socket(), `SELECT application_name, 'connected, '||coalesce(state,'') FROM pg_stat_activity WHERE backend_type = 'client backend' AND application_name <> 'chaos'
		UNION ALL SELECT pid::text, 'holds an advisory lock' FROM pg_locks WHERE locktype = 'advisory'`)
	var out []string
	for _, r := range rows {
		out = append(out, "on Postgres: "+strings.Join(r, " "))
	}
	return out, err
}

// pgQuery asks one question over a connection of its own and gives the rows as
// text. It speaks just enough of the protocol: the server trusts its socket.
func pgQuery(ctx context.Context, socket, query string) (rows [][]string, err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", socket)
	if err != nil {
		return nil, err
	}
	defer conn.Close() //nolint:errcheck // one question was asked
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	hello := binary.BigEndian.AppendUint32(nil, 3<<16)
	hello = append(hello, "user\x00ci\x00database\x00postgres\x00application_name\x00chaos\x00\x00"...)
	if _, err := conn.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(hello)+4)), hello...)); err != nil {
		return nil, err
	}
	in := bufio.NewReader(conn)
	if _, err := pgUntilReady(in); err != nil {
		return nil, err
	}
	if _, err := conn.Write(pgMessage('Q', query+"\x00")); err != nil {
		return nil, err
	}
	return pgUntilReady(in)
}

// pgUntilReady reads messages until the server waits for the next question.
func pgUntilReady(in *bufio.Reader) (rows [][]string, err error) {
	for {
		head := make([]byte, 5)
		if _, err := io.ReadFull(in, head); err != nil {
			return nil, err
		}
		body := make([]byte, binary.BigEndian.Uint32(head[1:])-4)
		if _, err := io.ReadFull(in, body); err != nil {
			return nil, err
		}
		switch head[0] {
		case 'Z':
			return rows, err
		case 'E':
			return nil, errors.New("postgres: " + strings.ReplaceAll(string(body), "\x00", " "))
		case 'D':
			rows = append(rows, pgRow(body))
		}
	}
}

// pgRow takes a row apart: a count, then each column's length and text.
func pgRow(body []byte) []string {
	var out []string
	n := int(binary.BigEndian.Uint16(body))
	for body = body[2:]; n > 0; n-- {
		size := int32(binary.BigEndian.Uint32(body))
		body = body[4:]
		if size < 0 {
			out = append(out, "")
			continue
		}
		out, body = append(out, string(body[:size])), body[size:]
	}
	return out
}
