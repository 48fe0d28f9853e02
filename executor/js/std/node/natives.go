package node

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding"
	"hash"
	"strings"

	"github.com/dop251/goja"

	"github.com/kici-dev/kici-go/executor/js"
)

// view reads bytes without copying: only for use within the call.
func view(v goja.Value) []byte {
	if v == nil {
		return nil
	}
	switch x := v.Export().(type) {
	case []byte:
		return x
	case goja.ArrayBuffer:
		return x.Bytes()
	}
	return nil
}

func bufferNatives(h js.Host) (map[string]any, error) {
	rt := h.Runtime()
	return map[string]any{
		"encode": func(c goja.FunctionCall) goja.Value {
			s, _ := c.Argument(0).ToString().(goja.String)
			b, ok := encode(s, c.Argument(1).String())
			if !ok {
				return goja.Undefined()
			}
			return rt.ToValue(rt.NewArrayBuffer(b))
		},
		"decode": func(c goja.FunctionCall) goja.Value {
			all, from, n := view(c.Argument(0)), c.Argument(1).ToInteger(), c.Argument(2).ToInteger()
			v, ok := decode(all[from:from+n], c.Argument(3).String())
			if !ok {
				return goja.Undefined()
			}
			return v
		},
		"indexOf": func(c goja.FunctionCall) goja.Value {
			data, part, from := view(c.Argument(0)), view(c.Argument(1)), int(c.Argument(2).ToInteger())
			if c.Argument(3).ToBoolean() {
				return rt.ToValue(bytes.LastIndex(data[:min(len(data), from+len(part))], part))
			}
			i := bytes.Index(data[from:], part)
			if i >= 0 {
				i += from
			}
			return rt.ToValue(i)
		},
	}, nil
}

// hashFor knows the digests that have no key to lose.
func hashFor(name string) func() hash.Hash {
	switch strings.ReplaceAll(strings.ToLower(name), "-", "") {
	case "md5":
		return md5.New
	case "sha1":
		return sha1.New
	case "sha224":
		return sha256.New224
	case "sha256":
		return sha256.New
	case "sha384":
		return sha512.New384
	case "sha512":
		return sha512.New
	case "sha512256", "sha512/256":
		return sha512.New512_256
	}
	return nil
}

func cryptoNatives(h js.Host) (map[string]any, error) {
	rt := h.Runtime()
	buffer := func(b []byte) goja.Value { return rt.ToValue(rt.NewArrayBuffer(b)) }
	return map[string]any{
		"random": func(c goja.FunctionCall) goja.Value {
			b := make([]byte, c.Argument(0).ToInteger())
			_, _ = rand.Read(b) // never fails
			return buffer(b)
		},
		"hashes": func(goja.FunctionCall) goja.Value {
			return rt.NewArray("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha512-256")
		},
		"hash": func(c goja.FunctionCall) goja.Value {
			fresh := hashFor(c.Argument(0).String())
			if fresh == nil {
				return goja.Undefined()
			}
			if key := c.Argument(1); !goja.IsUndefined(key) {
				return digester(rt, hmac.New(fresh, bytes.Clone(view(key))), nil)
			}
			return digester(rt, fresh(), fresh)
		},
		"digest": func(c goja.FunctionCall) goja.Value {
			fresh := hashFor(c.Argument(0).String())
			if fresh == nil {
				return goja.Undefined()
			}
			d := fresh()
			d.Write(view(c.Argument(1)))
			return buffer(d.Sum(nil))
		},
		"equal": func(c goja.FunctionCall) goja.Value {
			return rt.ToValue(subtle.ConstantTimeCompare(view(c.Argument(0)), view(c.Argument(1))) == 1)
		},
	}, nil
}

// digester is a hash as JavaScript sees it; fresh makes a copy possible.
func digester(rt *goja.Runtime, d hash.Hash, fresh func() hash.Hash) *goja.Object {
	o := rt.NewObject()
	_ = o.Set("update", func(c goja.FunctionCall) goja.Value {
		d.Write(view(c.Argument(0)))
		return goja.Undefined()
	})
	_ = o.Set("digest", func(goja.FunctionCall) goja.Value { return rt.ToValue(rt.NewArrayBuffer(d.Sum(nil))) })
	_ = o.Set("copy", func(goja.FunctionCall) goja.Value {
		from, ok := d.(encoding.BinaryMarshaler)
		if !ok || fresh == nil {
			panic(rt.NewTypeError("this digest cannot be copied"))
		}
		state, err := from.MarshalBinary()
		if err != nil {
			panic(rt.NewGoError(err))
		}
		twin := fresh()
		if err := twin.(encoding.BinaryUnmarshaler).UnmarshalBinary(state); err != nil {
			panic(rt.NewGoError(err))
		}
		return digester(rt, twin, fresh)
	})
	return o
}

// flowNatives are the stores of AsyncLocalStorage, kept by the loop.
func flowNatives(h js.Host) (map[string]any, error) {
	return map[string]any{
		"get": func(goja.FunctionCall) goja.Value {
			if v, ok := h.Store().(goja.Value); ok {
				return v
			}
			return goja.Undefined()
		},
		"set": func(c goja.FunctionCall) goja.Value { h.SetStore(c.Argument(0)); return goja.Undefined() },
	}, nil
}
