package agentend

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"

	"github.com/kici-dev/kici-go/executor/cache"
	"github.com/kici-dev/kici-go/transport/message"
)

// userCache is the cache of users behind the orchestrator, in the scope of one
// run. Archives go over HTTP to and from addresses that the orchestrator signed.
type userCache struct{ r *reporter }

var _ cache.Store = (*userCache)(nil)

// Open implements cache.Store. The whole archive is here, and is what its hash
// says, before anybody reads it.
func (c *userCache) Open(ctx context.Context, key string, prefixes []string) (*cache.Entry, error) {
	l := c.r.link
	q := &message.CacheUserRestoreRequest{MessageID: l.id(), JobRef: c.r.wire, Key: key, RestoreKeys: prefixes}
	got, err := l.ask(ctx, answerLimit, q.MessageID, q)
	if err != nil {
		return nil, err
	}
	a, ok := got.(*message.CacheUserRestoreResponse)
	if !ok {
		return nil, errWrongAnswer
	}
	if !a.Hit {
		return nil, nil
	}
	f, err := l.spool()
	if err != nil {
		return nil, err
	}
	size, err := c.download(ctx, a, f)
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &cache.Entry{Key: a.MatchedKey, Size: size, Body: f}, nil
}

func (c *userCache) download(ctx context.Context, a *message.CacheUserRestoreResponse, to io.Writer) (int64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.DownloadURL, nil)
	if err != nil {
		return 0, errors.New("agentend: the address of the archive cannot be read") // it is signed: not to be quoted
	}
	res, err := c.r.link.config.HTTP.Do(req)
	if err != nil {
		return 0, unsigned(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("agentend: the archive was answered with %s", res.Status)
	}
	sum := sha256.New()
	size, err := io.Copy(io.MultiWriter(to, sum), res.Body)
	if err != nil {
		return 0, unsigned(err)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); a.TarHash != "" && got != a.TarHash {
		return 0, fmt.Errorf("agentend: the archive of %q is damaged: its hash is %s instead of %s", a.MatchedKey, got, a.TarHash)
	}
	return size, nil
}

// Put implements cache.Store.
func (c *userCache) Put(ctx context.Context, key string, write func(io.Writer) error) (bool, error) {
	l := c.r.link
	q := &message.CacheUserSaveRequest{MessageID: l.id(), JobRef: c.r.wire, Key: key}
	got, err := l.ask(ctx, answerLimit, q.MessageID, q)
	if err != nil {
		return false, err
	}
	a, ok := got.(*message.CacheUserSaveResponse)
	if !ok {
		return false, errWrongAnswer
	}
	if a.Skip {
		return false, nil
	}
	f, err := l.spool()
	if err != nil {
		return false, err
	}
	defer f.Close()
	sum := sha256.New()
	if err := write(io.MultiWriter(f, sum)); err != nil {
		return false, err
	}
	size, err := f.Seek(0, io.SeekCurrent)
	if err != nil {
		return false, fmt.Errorf("agentend: %w", err)
	}
	if err := c.upload(ctx, a.UploadURL, f, size); err != nil {
		return false, err
	}
	return true, c.r.send(ctx, &message.CacheUserSaveComplete{
		MessageID: l.id(), JobRef: c.r.wire, Key: key, TarHash: hex.EncodeToString(sum.Sum(nil)), SizeBytes: size,
	})
}

func (c *userCache) upload(ctx context.Context, url string, f io.ReadSeeker, size int64) error {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("agentend: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, url, io.NopCloser(f))
	if err != nil {
		return errors.New("agentend: the address for the archive cannot be read")
	}
	req.ContentLength = size
	res, err := c.r.link.config.HTTP.Do(req)
	if err != nil {
		return unsigned(err)
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 4<<10)) // lets the connection be used again
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("agentend: the archive was answered with %s", res.Status)
	}
	return nil
}

// unsigned takes the signed address out of an error.
func unsigned(err error) error {
	if inner := errors.Unwrap(err); inner != nil {
		err = inner
	}
	return fmt.Errorf("agentend: transfer of the archive: %w", err)
}

// spool is a file that goes when it is closed.
type spool struct{ *os.File }

func (s spool) Close() error { return errors.Join(s.File.Close(), os.Remove(s.Name())) }

func (l *Link) spool() (spool, error) {
	f, err := os.CreateTemp(l.config.TempDir, "kici-cache-*")
	if err != nil {
		return spool{}, fmt.Errorf("agentend: %w", err)
	}
	return spool{f}, nil
}
