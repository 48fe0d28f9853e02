package node

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

func operations() map[string]operation {
	return map[string]operation{
		"readFile": readFile, "writeFile": writeFile, "mkdir": mkdir, "readdir": readdir,
		"stat":  func(_ context.Context, c call) (any, error) { return statOf(c, os.Stat) },
		"lstat": func(_ context.Context, c call) (any, error) { return statOf(c, os.Lstat) },
		"fstat": fstat, "access": access, "rm": rm, "rmdir": rmdir, "unlink": unlink,
		"rename":   func(_ context.Context, c call) (any, error) { return nil, os.Rename(c.path(0), c.path(1)) },
		"copyFile": copyFile, "cp": cp,
		"chmod": func(_ context.Context, c call) (any, error) { return nil, os.Chmod(c.path(0), c.mode(1)) },
		"chown": func(_ context.Context, c call) (any, error) {
			return nil, os.Chown(c.path(0), int(c.number(1)), int(c.number(2)))
		},
		"link":     func(_ context.Context, c call) (any, error) { return nil, os.Link(c.path(0), c.path(1)) },
		"symlink":  func(_ context.Context, c call) (any, error) { return nil, os.Symlink(c.text(0), c.path(1)) },
		"readlink": func(_ context.Context, c call) (any, error) { return os.Readlink(c.path(0)) },
		"realpath": func(_ context.Context, c call) (any, error) { return filepath.EvalSymlinks(c.path(0)) },
		"mkdtemp":  mkdtemp, "utimes": utimes,
		"truncate": func(_ context.Context, c call) (any, error) { return nil, os.Truncate(c.path(0), int64(c.number(1))) },
		"open":     open, "close": closeFile, "read": read, "write": write,
		"ftruncate": onFile(func(f *os.File, c call) error { return f.Truncate(int64(c.number(1))) }),
		"fsync":     onFile(func(f *os.File, _ call) error { return f.Sync() }),
	}
}

func onFile(do func(*os.File, call) error) operation {
	return func(_ context.Context, c call) (any, error) {
		f, err := c.file(0)
		if err != nil {
			return nil, err
		}
		return nil, do(f, c)
	}
}

// stoppable reads until ctx ends, so that a pipe or a huge file does not hold
// an abandoned call.
type stoppable struct {
	ctx context.Context
	r   io.Reader
}

func (s stoppable) Read(p []byte) (int, error) {
	if err := context.Cause(s.ctx); err != nil {
		return 0, err
	}
	return s.r.Read(p)
}

func readFile(ctx context.Context, c call) (any, error) {
	if _, isFd := c.arg(0).(int64); isFd {
		f, err := c.file(0)
		if err != nil {
			return nil, err
		}
		return readAll(ctx, f)
	}
	flag, err := openFlag(c.arg(1))
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(c.path(0), flag, 0o666)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readAll(ctx, f)
}

func readAll(ctx context.Context, f *os.File) ([]byte, error) {
	size := 512
	if st, err := f.Stat(); err == nil && st.Mode().IsRegular() {
		size = int(st.Size()) + 1
	}
	b := make([]byte, 0, size)
	r := stoppable{ctx, f}
	for {
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
		n, err := r.Read(b[len(b):min(cap(b), len(b)+8<<20)])
		b = b[:len(b)+n]
		if err == io.EOF {
			return b, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

func writeFile(_ context.Context, c call) (any, error) {
	if _, isFd := c.arg(0).(int64); isFd {
		f, err := c.file(0)
		if err == nil {
			_, err = f.Write(c.data(1))
		}
		return nil, err
	}
	flag, err := openFlag(c.arg(2))
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(c.path(0), flag, c.mode(3))
	if err != nil {
		return nil, err
	}
	_, err = f.Write(c.data(1))
	return nil, errors.Join(err, f.Close())
}

// mkdir returns the first folder it made when it makes parents, as Node does.
func mkdir(_ context.Context, c call) (any, error) {
	p := c.path(0)
	if !c.flag(1) {
		return nil, os.Mkdir(p, c.mode(2))
	}
	first := ""
	for d := p; ; d = filepath.Dir(d) {
		st, err := os.Stat(d)
		if err == nil && !st.IsDir() {
			if d == p {
				return nil, syscall.EEXIST
			}
			return nil, syscall.ENOTDIR
		}
		if err == nil || d == filepath.Dir(d) {
			break
		}
		first = d
	}
	if err := os.MkdirAll(p, c.mode(2)); err != nil {
		return nil, err
	}
	if first == "" {
		return nil, nil
	}
	return first, nil
}

func readdir(ctx context.Context, c call) (any, error) {
	root := c.path(0)
	out := [][3]any{}
	add := func(rel, parent string, e fs.DirEntry) { out = append(out, [3]any{rel, parent, typeBits(e.Type())}) }
	if !c.flag(1) {
		list, err := os.ReadDir(root)
		for _, e := range list {
			add(e.Name(), c.text(0), e)
		}
		return out, err
	}
	err := filepath.WalkDir(root, func(p string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if p == root {
			if !e.IsDir() {
				return syscall.ENOTDIR
			}
			return context.Cause(ctx)
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		parent := c.text(0)
		if d := filepath.Dir(rel); d != "." {
			parent = filepath.Join(parent, d)
		}
		add(rel, parent, e)
		return context.Cause(ctx)
	})
	return out, err
}

// typeBits is the S_IFMT part of a POSIX mode.
func typeBits(m fs.FileMode) uint32 {
	switch {
	case m&fs.ModeDir != 0:
		return 0o040000
	case m&fs.ModeSymlink != 0:
		return 0o120000
	case m&fs.ModeNamedPipe != 0:
		return 0o010000
	case m&fs.ModeSocket != 0:
		return 0o140000
	case m&fs.ModeCharDevice != 0:
		return 0o020000
	case m&fs.ModeDevice != 0:
		return 0o060000
	}
	return 0o100000
}

func posixMode(m fs.FileMode) uint32 {
	bits := typeBits(m) | uint32(m.Perm())
	for from, to := range map[fs.FileMode]uint32{fs.ModeSetuid: 0o4000, fs.ModeSetgid: 0o2000, fs.ModeSticky: 0o1000} {
		if m&from != 0 {
			bits |= to
		}
	}
	return bits
}

func fileMode(bits uint32) fs.FileMode {
	m := fs.FileMode(bits & 0o777)
	for from, to := range map[uint32]fs.FileMode{0o4000: fs.ModeSetuid, 0o2000: fs.ModeSetgid, 0o1000: fs.ModeSticky} {
		if bits&from != 0 {
			m |= to
		}
	}
	return m
}

func statOf(c call, stat func(string) (fs.FileInfo, error)) (any, error) {
	st, err := stat(c.path(0))
	if err != nil {
		if c.flag(1) && (errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)) {
			return nil, nil
		}
		return nil, err
	}
	return statFields(st), nil
}

func fstat(_ context.Context, c call) (any, error) {
	f, err := c.file(0)
	if err != nil {
		return nil, err
	}
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	return statFields(st), nil
}

func millis(t time.Time) float64 { return float64(t.UnixNano()) / 1e6 }

func rm(_ context.Context, c call) (any, error) {
	p := c.path(0)
	st, err := os.Lstat(p)
	if err != nil {
		if c.flag(2) && errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		return nil, err
	}
	if c.flag(1) {
		return nil, os.RemoveAll(p)
	}
	if st.IsDir() {
		return nil, syscall.EISDIR
	}
	return nil, os.Remove(p)
}

func rmdir(_ context.Context, c call) (any, error) {
	st, err := os.Lstat(c.path(0))
	if err != nil {
		return nil, err
	}
	if !st.IsDir() {
		return nil, syscall.ENOTDIR
	}
	if c.flag(1) {
		return nil, os.RemoveAll(c.path(0))
	}
	return nil, os.Remove(c.path(0))
}

func unlink(_ context.Context, c call) (any, error) {
	st, err := os.Lstat(c.path(0))
	if err != nil {
		return nil, err
	}
	if st.IsDir() {
		return nil, syscall.EISDIR
	}
	return nil, os.Remove(c.path(0))
}

func copyFile(ctx context.Context, c call) (any, error) {
	flag := os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	if int(c.number(2))&1 != 0 {
		flag = os.O_WRONLY | os.O_CREATE | os.O_EXCL
	}
	return nil, copyOne(ctx, c.path(0), c.path(1), flag)
}

func copyOne(ctx context.Context, from, to string, flag int) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	st, err := in.Stat()
	if err != nil {
		return err
	}
	if st.IsDir() {
		return syscall.EISDIR
	}
	if old, err := os.Stat(to); err == nil && os.SameFile(st, old) {
		return nil // truncating it would lose the content
	}
	out, err := os.OpenFile(to, flag, st.Mode().Perm())
	if err != nil {
		return err
	}
	_, err = io.Copy(out, stoppable{ctx, in})
	return errors.Join(err, out.Close())
}

// cp copies a tree: recursive, force, errorOnExist, dereference.
func cp(ctx context.Context, c call) (any, error) {
	from, to := c.path(0), c.path(1)
	stat := os.Lstat
	if c.flag(5) {
		stat = os.Stat
	}
	st, err := stat(from)
	if err != nil {
		return nil, err
	}
	if st.IsDir() {
		if !c.flag(2) {
			return nil, errors.New("recursive option not enabled, cannot copy a directory: " + from)
		}
		if to == from || strings.HasPrefix(to, from+string(filepath.Separator)) {
			return nil, errors.New("cannot copy " + from + " to a subdirectory of self " + to)
		}
	}
	return nil, copyTree(ctx, from, to, st, stat, c)
}

func copyTree(ctx context.Context, from, to string, st fs.FileInfo, stat func(string) (fs.FileInfo, error), c call) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	_, exists := os.Lstat(to)
	switch {
	case st.IsDir():
		if err := os.MkdirAll(to, st.Mode().Perm()|0o700); err != nil {
			return err
		}
		list, err := os.ReadDir(from)
		if err != nil {
			return err
		}
		for _, e := range list {
			inner, err := stat(filepath.Join(from, e.Name()))
			if err != nil {
				return err
			}
			if err := copyTree(ctx, filepath.Join(from, e.Name()), filepath.Join(to, e.Name()), inner, stat, c); err != nil {
				return err
			}
		}
		return nil
	case exists == nil && !c.flag(3):
		if c.flag(4) {
			return syscall.EEXIST
		}
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
		return err
	}
	if st.Mode()&fs.ModeSymlink != 0 {
		target, err := os.Readlink(from)
		if err != nil {
			return err
		}
		if exists == nil {
			if err := os.Remove(to); err != nil {
				return err
			}
		}
		return os.Symlink(target, to)
	}
	return copyOne(ctx, from, to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
}

func mkdtemp(_ context.Context, c call) (any, error) {
	p := c.path(0)
	if strings.HasSuffix(c.text(0), "/") && !strings.HasSuffix(p, "/") {
		p += "/"
	}
	i := strings.LastIndexAny(p, `/\`)
	made, err := os.MkdirTemp(p[:i+1], strings.ReplaceAll(p[i+1:], "*", "_")+"*")
	if err != nil || filepath.IsAbs(c.text(0)) {
		return made, err
	}
	return filepath.Rel(c.fs.dir, made)
}

func utimes(_ context.Context, c call) (any, error) {
	at := func(s float64) time.Time { return time.Unix(0, int64(s*1e9)) }
	return nil, os.Chtimes(c.path(0), at(c.number(1)), at(c.number(2)))
}

func open(_ context.Context, c call) (any, error) {
	flag, err := openFlag(c.arg(1))
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(c.path(0), flag, c.mode(2))
	if err != nil {
		return nil, err
	}
	return c.fs.add(f), nil
}

func closeFile(_ context.Context, c call) (any, error) {
	f, err := c.file(0)
	if err != nil {
		return nil, err
	}
	c.fs.mu.Lock()
	delete(c.fs.open, c.arg(0).(int64))
	c.fs.mu.Unlock()
	return nil, f.Close()
}

func read(_ context.Context, c call) (any, error) {
	f, err := c.file(0)
	if err != nil {
		return nil, err
	}
	b := make([]byte, min(max(0, int(c.number(1))), 64<<20))
	var n int
	if at := int64(c.number(2)); at >= 0 {
		n, err = f.ReadAt(b, at)
	} else {
		n, err = f.Read(b)
	}
	if err == io.EOF {
		err = nil
	}
	return b[:n], err
}

func write(_ context.Context, c call) (any, error) {
	f, err := c.file(0)
	if err != nil {
		return nil, err
	}
	if at := int64(c.number(2)); at >= 0 {
		return f.WriteAt(c.data(1), at)
	}
	return f.Write(c.data(1))
}
