package cache

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/klauspost/compress/gzip"
)

// pack writes the archive: gzip at its fastest, since a cache that is slower
// than the work it saves is none. Names are sorted by the walk, so that the
// same tree gives the same archive up to modification times.
func pack(ctx context.Context, w io.Writer, paths []string, at Places) (files int, missing []string, err error) {
	zip, err := gzip.NewWriterLevel(w, gzip.BestSpeed)
	if err != nil {
		return 0, nil, err
	}
	p := &packer{ctx: ctx, tar: tar.NewWriter(zip), seen: map[string]bool{}}
	for _, text := range paths {
		l, err := locate(text)
		if err != nil {
			return 0, nil, err
		}
		full := filepath.Join(at.folder(l), filepath.FromSlash(l.rel))
		if _, err := os.Lstat(full); errors.Is(err, fs.ErrNotExist) {
			missing = append(missing, text)
			continue
		}
		if err := p.add(full, l); err != nil {
			return 0, nil, err
		}
	}
	if len(missing) == len(paths) {
		return 0, missing, ErrNothingToSave
	}
	return p.files, missing, errors.Join(p.tar.Close(), zip.Close())
}

type packer struct {
	ctx   context.Context
	tar   *tar.Writer
	seen  map[string]bool // by name: paths of a Spec may overlap
	files int
}

func (p *packer) add(full string, l location) error {
	return filepath.WalkDir(full, func(file string, d fs.DirEntry, err error) error {
		if err := errors.Join(err, p.ctx.Err()); err != nil {
			return err
		}
		rel, err := filepath.Rel(full, file)
		if err != nil {
			return err
		}
		name := path.Join(l.String(), filepath.ToSlash(rel))
		if p.seen[name] {
			return nil
		}
		p.seen[name] = true
		return p.entry(file, name, d)
	})
}

func (p *packer) entry(file, name string, d fs.DirEntry) error {
	info, err := d.Info()
	if err != nil {
		return err
	}
	link := ""
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		if link, err = os.Readlink(file); err != nil {
			return err
		}
	case !info.Mode().IsRegular() && !info.IsDir():
		return nil // sockets, pipes and devices are not content
	}
	head, err := tar.FileInfoHeader(info, link)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	head.Format = tar.FormatPAX // USTAR would cut times to seconds, and build tools compare them
	// Who owned a file says nothing on another machine.
	head.Name, head.Uid, head.Gid, head.Uname, head.Gname = name, 0, 0, "", ""
	if err := p.tar.WriteHeader(head); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if info.IsDir() {
		return nil
	}
	p.files++
	if link != "" {
		return nil
	}
	return p.content(file, info.Size())
}

// content copies exactly size bytes: a file that grows while it is packed must
// not break the archive.
func (p *packer) content(file string, size int64) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := io.CopyN(p.tar, f, size); err != nil {
		return fmt.Errorf("%s changed while it was saved: %w", file, err)
	}
	return nil
}
