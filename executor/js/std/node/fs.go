package node

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/dop251/goja"

	"github.com/kici-dev/kici-go/executor/js"
)

// files is the fs of one VM: its folder and its open descriptors.
type files struct {
	dir string

	mu   sync.Mutex // guards what follows
	open map[int64]*os.File
	next int64
}

// call is one operation's arguments, as plain values.
type call struct {
	fs   *files
	args []any
}

// operation works on any goroutine and heeds ctx between steps.
type operation func(ctx context.Context, c call) (any, error)

func fsNatives(h js.Host) (map[string]any, error) {
	f := &files{dir: h.Dir(), open: map[int64]*os.File{}, next: 20}
	h.OnClose(f.close)
	ops := operations()
	plan := func(c goja.FunctionCall) (string, operation, call) {
		name := c.Argument(0).String()
		args := make([]any, max(0, len(c.Arguments)-1))
		for i := range args {
			args[i] = plain(c.Arguments[i+1])
		}
		return name, ops[name], call{f, args}
	}
	return map[string]any{
		"sync": func(c goja.FunctionCall) goja.Value {
			name, op, args := plan(c)
			v, err := op(h.Context(), args)
			return answer(h, name, args, v, err)
		},
		"async": func(c goja.FunctionCall) goja.Value {
			name, op, args := plan(c)
			return js.Async(h, func(ctx context.Context) (any, error) { return op(ctx, args) },
				func(v any, err error) goja.Value { return answer(h, name, args, v, err) })
		},
	}, nil
}

// plain copies a value off the runtime: work on another goroutine must not
// see bytes the script may change.
func plain(v goja.Value) any {
	switch x := v.Export().(type) {
	case []byte:
		return append([]byte{}, x...)
	case goja.ArrayBuffer:
		return append([]byte{}, x.Bytes()...)
	default:
		return x
	}
}

func answer(h js.Host, op string, c call, v any, err error) goja.Value {
	if err != nil {
		panic(nodeError(h, op, c, err))
	}
	rt := h.Runtime()
	switch x := v.(type) {
	case nil:
		return goja.Null()
	case []byte:
		return rt.ToValue(rt.NewArrayBuffer(x))
	}
	out, err := h.FromGo(v)
	if err != nil {
		panic(h.NewError(err))
	}
	return out
}

// nodeError gives an error Node's shape: "ENOENT: no such file or directory,
// open 'x'" with errno, code, syscall and the paths as they were written.
func nodeError(h js.Host, op string, c call, err error) goja.Value {
	o := h.NewError(err)
	code, no, text := describe(err)
	sys := syscallName(op, err)
	message := code + ": " + text + ", " + sys
	set := func(k string, v any) { _ = o.Set(k, v) }
	set("errno", -no)
	set("code", code)
	set("syscall", sys)
	if p, ok := c.arg(0).(string); ok {
		message += " '" + p + "'"
		set("path", p)
	}
	if d, ok := c.arg(1).(string); ok && twoPaths(op) {
		message += " -> '" + d + "'"
		set("dest", d)
	}
	set("message", message)
	return o
}

func twoPaths(op string) bool {
	return op == "rename" || op == "copyFile" || op == "link" || op == "symlink" || op == "cp"
}

// syscallName is the name Node reports for an operation.
func syscallName(op string, err error) string {
	switch op {
	case "readFile", "read":
		if errors.Is(err, syscall.EISDIR) {
			return "read"
		}
		return "open"
	case "writeFile", "truncate":
		return "open"
	case "readdir":
		return "scandir"
	case "copyFile":
		return "copyfile"
	case "realpath":
		return "lstat"
	case "utimes":
		return "utime"
	}
	return op
}

func describe(err error) (code string, no int, text string) {
	var e syscall.Errno
	switch {
	case errors.As(err, &e):
	case errors.Is(err, fs.ErrNotExist):
		e = syscall.ENOENT
	case errors.Is(err, fs.ErrExist):
		e = syscall.EEXIST
	case errors.Is(err, fs.ErrPermission):
		e = syscall.EACCES
	case errors.Is(err, fs.ErrClosed):
		e = syscall.EBADF
	default:
		return "UNKNOWN", 4094, err.Error()
	}
	code = errnoCode(e)
	text = e.Error()
	switch code { // libuv's words differ from the C library's
	case "EPERM":
		text = "operation not permitted"
	case "ENOTEMPTY":
		text = "directory not empty"
	case "EISDIR":
		text = "illegal operation on a directory"
	case "EEXIST":
		text = "file already exists"
	case "EXDEV":
		text = "cross-device link not permitted"
	case "ELOOP":
		text = "too many symbolic links encountered"
	case "ENAMETOOLONG":
		text = "name too long"
	}
	return code, int(e), text
}

func (c call) arg(i int) any {
	if i < len(c.args) {
		return c.args[i]
	}
	return nil
}

func (c call) text(i int) string { s, _ := c.arg(i).(string); return s }
func (c call) flag(i int) bool   { b, _ := c.arg(i).(bool); return b }

// path is argument i made absolute.
func (c call) path(i int) string {
	p := c.text(i)
	if p != "" && !filepath.IsAbs(p) {
		p = filepath.Join(c.fs.dir, p)
	}
	return p
}

func (c call) number(i int) float64 {
	switch n := c.arg(i).(type) {
	case int64:
		return float64(n)
	case float64:
		return n
	}
	return 0
}

func (c call) mode(i int) fs.FileMode { return fileMode(uint32(c.number(i))) }

func (c call) data(i int) []byte {
	switch d := c.arg(i).(type) {
	case string:
		return []byte(d)
	case []byte:
		return d
	}
	return nil
}

// file is the open descriptor named by argument i.
func (c call) file(i int) (*os.File, error) {
	n, ok := c.arg(i).(int64)
	if !ok {
		return nil, syscall.EBADF
	}
	c.fs.mu.Lock()
	defer c.fs.mu.Unlock()
	f := c.fs.open[n]
	if f == nil {
		return nil, syscall.EBADF
	}
	return f, nil
}

// add numbers a descriptor. The numbers are the VM's own: a script must not
// reach descriptors of this process.
func (f *files) add(file *os.File) int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.next++
	f.open[f.next] = file
	return f.next
}

func (f *files) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for n, file := range f.open {
		file.Close()
		delete(f.open, n)
	}
}

// openFlag reads Node's flags: a string like "r+" or a number.
func openFlag(v any) (int, error) {
	if n, ok := v.(int64); ok {
		return numberFlag(n), nil
	}
	s, _ := v.(string)
	switch s {
	case "", "r", "rs":
		return os.O_RDONLY, nil
	case "r+", "rs+":
		return os.O_RDWR, nil
	case "w":
		return os.O_WRONLY | os.O_CREATE | os.O_TRUNC, nil
	case "wx", "xw":
		return os.O_WRONLY | os.O_CREATE | os.O_EXCL, nil
	case "w+":
		return os.O_RDWR | os.O_CREATE | os.O_TRUNC, nil
	case "wx+", "xw+":
		return os.O_RDWR | os.O_CREATE | os.O_EXCL, nil
	case "a", "as":
		return os.O_WRONLY | os.O_CREATE | os.O_APPEND, nil
	case "ax", "xa":
		return os.O_WRONLY | os.O_CREATE | os.O_APPEND | os.O_EXCL, nil
	case "a+", "as+":
		return os.O_RDWR | os.O_CREATE | os.O_APPEND, nil
	}
	return 0, fmt.Errorf("the argument 'flags' is invalid. Received %q", s)
}

// numberFlag maps the constants that fs.constants exports, which are Linux's.
func numberFlag(n int64) int {
	flag := int(n & 3)
	for from, to := range map[int64]int{64: os.O_CREATE, 128: os.O_EXCL, 512: os.O_TRUNC, 1024: os.O_APPEND} {
		if n&from != 0 {
			flag |= to
		}
	}
	return flag
}
