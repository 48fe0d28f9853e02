package fs

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"path"
	"strings"

	"github.com/kici-dev/kici-go/engine"
	"github.com/kici-dev/kici-go/engine/blob"
)

// List walks the folder that the prefix leads to, and no other.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[blob.Info, error] {
	return func(yield func(blob.Info, error) bool) {
		start := objects
		if i := strings.LastIndexByte(prefix, '/'); i > 0 {
			start = path.Join(objects, path.Dir(name(prefix[:i]+"/x")))
		}
		err := fs.WalkDir(s.root.FS(), start, func(file string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) { // deleted meanwhile
				return nil
			}
			if err == nil && ctx.Err() != nil {
				err = context.Cause(ctx)
			}
			if err != nil || d.IsDir() {
				return err
			}
			key, ours := keyOf(strings.TrimPrefix(file, objects+"/"))
			if !ours || !strings.HasPrefix(key, prefix) {
				return nil
			}
			info, err := s.Stat(ctx, key)
			if errors.Is(err, engine.ErrNotFound) {
				return nil
			}
			if err != nil && !errors.Is(err, blob.ErrDamaged) {
				return err
			}
			if !yield(info, nil) {
				return fs.SkipAll
			}
			return nil
		})
		if err != nil {
			yield(blob.Info{}, failed("list", prefix, err))
		}
	}
}
