package statement

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/store"
)

type logs struct{ *Tx }

const chunkColumns = "attempt_id, step_index, first_line, line_count, seq, byte_offset, byte_count, created_at, data"

func chunkFields(c *engine.Chunk) []any {
	return []any{(*string)(&c.Attempt), &c.Step, &c.First, &c.Lines, &c.Seq, &c.Offset, &c.Bytes, at(&c.At), raw(&c.Data)}
}

func placedFields(c *engine.Chunk) []any { return append([]any{&c.Place}, chunkFields(c)...) }

func (t logs) Append(ctx context.Context, chunks ...engine.Chunk) error {
	return insert(ctx, t.Tx, "append log", "log_chunks", chunkColumns, "", chunkFields, chunks...)
}

func endFields(e *engine.LogEnd) []any { return []any{&e.Seq, &e.Lines, &e.Bytes} }

// End asks the chunks first: while a step runs there are only those.
func (t logs) End(ctx context.Context, a engine.AttemptID, step int) (engine.LogEnd, error) {
	for _, query := range []string{
		"SELECT seq, first_line + line_count, byte_offset + byte_count FROM log_chunks WHERE attempt_id = $1 AND step_index = $2 ORDER BY first_line DESC LIMIT 1",
		"SELECT seq, line_count, byte_count FROM log_seals WHERE attempt_id = $1 AND step_index = $2",
	} {
		end, err := one(ctx, t.Tx, "find end of log", endFields, query, string(a), step)
		if err == nil {
			return *end, nil
		}
		if !errors.Is(err, engine.ErrNotFound) {
			return engine.LogEnd{}, err
		}
	}
	return engine.LogEnd{}, nil
}

func stepFieldsOf(s *engine.StepLog) []any {
	return append([]any{&s.Step, &s.Place}, endFields(&s.LogEnd)...)
}

// Steps goes from step to step and to the last chunk of each, by the key's index:
// a log may have very many chunks.
func (t logs) Steps(ctx context.Context, a engine.AttemptID) ([]engine.StepLog, error) {
	out, err := list(ctx, t.Tx, "list logs", stepFieldsOf, `WITH RECURSIVE logged (step) AS (
			SELECT MIN(step_index) FROM log_chunks WHERE attempt_id = $1
			UNION ALL SELECT (SELECT MIN(step_index) FROM log_chunks WHERE attempt_id = $1 AND step_index > logged.step) FROM logged WHERE logged.step IS NOT NULL)
		SELECT c.step_index, c.place, c.seq, c.first_line + c.line_count, c.byte_offset + c.byte_count FROM logged
		JOIN log_chunks c ON c.attempt_id = $1 AND c.step_index = logged.step AND c.first_line = (
			SELECT MAX(first_line) FROM log_chunks WHERE attempt_id = $1 AND step_index = logged.step)`, string(a))
	if err != nil {
		return nil, err
	}
	seals, err := t.Sealed(ctx, a)
	for _, s := range seals {
		if !slices.ContainsFunc(out, func(l engine.StepLog) bool { return l.Step == s.Step }) {
			out = append(out, engine.StepLog{Step: s.Step, LogEnd: s.LogEnd})
		}
	}
	slices.SortFunc(out, func(a, b engine.StepLog) int { return a.Step - b.Step })
	return out, err
}

// Read looks for the last chunk that starts at or before the line: the key's
// index leads there, however long the log is.
func (t logs) Read(ctx context.Context, a engine.AttemptID, step int, line int64, limit int) ([]engine.Chunk, error) {
	got, err := list(ctx, t.Tx, "read log", placedFields, "SELECT place, "+chunkColumns+` FROM log_chunks
		WHERE attempt_id = $1 AND step_index = $2 AND first_line >= COALESCE((SELECT MAX(first_line) FROM log_chunks
			WHERE attempt_id = $1 AND step_index = $2 AND first_line <= $3), $3) ORDER BY first_line LIMIT $4`, string(a), step, line, limit)
	if len(got) > 0 && got[0].End().Lines <= line { // the line is not there yet
		got = got[1:]
	}
	return got, err
}

func (t logs) After(ctx context.Context, a engine.AttemptID, place int64, limit int) ([]engine.Chunk, error) {
	return list(ctx, t.Tx, "follow log", placedFields, "SELECT place, "+chunkColumns+
		" FROM log_chunks WHERE attempt_id = $1 AND place > $2 ORDER BY place LIMIT $3", string(a), place, limit)
}

const sealColumns = "attempt_id, step_index, blob, seq, line_count, byte_count, sealed_at"

func sealFields(s *engine.Seal) []any {
	return append([]any{(*string)(&s.Attempt), &s.Step, &s.Blob}, append(endFields(&s.LogEnd), at(&s.At))...)
}

func (t logs) Seal(ctx context.Context, s *engine.Seal, was string) error {
	n, err := int64(0), error(nil)
	if was == "" {
		n, err = t.exec(ctx, "seal log", "INSERT INTO log_seals ("+sealColumns+") VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING", sealFields(s)...)
	} else {
		n, err = t.exec(ctx, "seal log", `UPDATE log_seals SET blob = $3, seq = $4, line_count = $5, byte_count = $6, sealed_at = $7
			WHERE attempt_id = $1 AND step_index = $2 AND blob = $8`, append(sealFields(s), was)...)
	}
	if err != nil {
		return err
	}
	if n == 0 {
		return fmt.Errorf("store: seal log: %w", engine.ErrConflict)
	}
	_, err = t.exec(ctx, "drop sealed chunks", "DELETE FROM log_chunks WHERE attempt_id = $1 AND step_index = $2 AND first_line < $3",
		string(s.Attempt), s.Step, s.Lines)
	return err
}

func (t logs) Sealed(ctx context.Context, a engine.AttemptID) ([]engine.Seal, error) {
	return list(ctx, t.Tx, "list sealed logs", sealFields, "SELECT "+sealColumns+" FROM log_seals WHERE attempt_id = $1 ORDER BY step_index", string(a))
}

func looseFields(l *store.Loose) []any {
	return []any{at(&l.Ended), (*string)(&l.Attempt), &l.Step, &l.Stored}
}

// Loose pages by attempts first: what has long been sealed has no chunks, and
// is passed over once.
func (t logs) Loose(ctx context.Context, after store.Loose, before time.Time, limit int) ([]store.Loose, error) {
	return list(ctx, t.Tx, "find logs to seal", looseFields, `SELECT a.ended_at, a.id, c.step_index, CAST(SUM(LENGTH(c.data)) AS BIGINT)
		FROM attempts a JOIN log_chunks c ON c.attempt_id = a.id
		WHERE a.ended_at > 0 AND a.ended_at >= $1 AND a.ended_at < $2 AND (a.ended_at, a.id, c.step_index) > ($1, $3, $4)
		GROUP BY a.ended_at, a.id, c.step_index ORDER BY a.ended_at, a.id, c.step_index LIMIT $5`,
		micros(after.Ended), micros(before), string(after.Attempt), after.Step, limit)
}
