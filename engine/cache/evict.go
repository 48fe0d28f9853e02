package cache

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kici-dev/kici-go/engine/blob"
)

// Interval is how often Tick wants to be called. What has expired is no hit in
// between; Tick only gives its room back.
const Interval = time.Hour

// Tick removes what has expired, in all organisations, and uploads that were
// never completed.
func (c *Cache) Tick(ctx context.Context, now time.Time) (next time.Time, err error) {
	next = now.Add(Interval)
	orgs := map[string][]blob.Info{}
	for info, err := range c.Blobs.List(ctx, Prefix) {
		if err != nil {
			return next, fmt.Errorf("cache: list: %w", err)
		}
		org, _, _ := strings.Cut(strings.TrimPrefix(info.Key, Prefix), "/")
		orgs[org] = append(orgs[org], info)
	}
	var errs []error
	for _, infos := range orgs {
		errs = append(errs, c.evict(ctx, infos))
	}
	return next, errors.Join(errs...)
}

// makeRoom brings an organisation back under its quota.
func (c *Cache) makeRoom(ctx context.Context, org string) error {
	var all []blob.Info
	for info, err := range c.Blobs.List(ctx, org) {
		if err != nil {
			return fmt.Errorf("cache: list: %w", err)
		}
		all = append(all, info)
	}
	return c.evict(ctx, all)
}

// evict removes what has expired or is damaged, and then what was unused longest
// until the rest fits. Entries of single runs go before shared ones.
func (c *Cache) evict(ctx context.Context, all []blob.Info) error {
	slices.SortFunc(all, func(a, b blob.Info) int { // what stays comes first
		if i, j := isolatedEntry(a.Key), isolatedEntry(b.Key); i != j {
			if i {
				return 1
			}
			return -1
		}
		return cmp.Or(b.Used.Compare(a.Used), b.Created.Compare(a.Created), strings.Compare(a.Key, b.Key))
	})
	var gone []string
	sum, freed := int64(0), int64(0)
	for _, info := range all {
		if !strings.HasSuffix(info.Key, suffix) { // an upload; while its link is good it may be completed
			if c.Now().Sub(info.Used) > 2*blob.LinkTTL {
				gone = append(gone, info.Key)
			}
			continue
		}
		if !c.lives(info) || sum+info.Size > c.quota() {
			gone, freed = append(gone, info.Key), freed+info.Size
			continue
		}
		sum += info.Size
	}
	if len(gone) == 0 {
		return nil
	}
	if err := c.Blobs.Delete(ctx, gone...); err != nil {
		return fmt.Errorf("cache: evict: %w", err)
	}
	c.Log.InfoContext(ctx, "cache entries evicted", "count", len(gone), "bytes", freed, "left", sum)
	return nil
}
