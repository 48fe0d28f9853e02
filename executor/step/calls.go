package step

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/kici-dev/kici-go/executor"
)

// emitWait is how long emit waits for a delivery to be confirmed.
const emitWait = 5 * time.Second

// Functions is what the guest can ask of the engine. Arguments are positional.
func (e *Engine) Functions() Functions {
	return Functions{
		Sync: map[string]Function{
			"log":             e.callLog,
			"setEnv":          e.callSetEnv,
			"addPath":         e.callAddPath,
			"secretList":      e.callSecretList,
			"secretMeta":      e.callSecretMeta,
			"setSecretOutput": e.callPublish,
		},
		Async: map[string]Function{
			"secretGet":    e.callSecretGet,
			"secretExpose": e.callExpose,
			"mountFile":    e.callMount,
			"exposeFile":   e.callExposeFile,
			"emit":         e.callEmit,
			"cacheRestore": e.callRestore,
			"cacheSave":    e.callSave,
		},
	}
}

// arg decodes one positional argument; a missing one keeps its zero value.
func arg(args []json.RawMessage, i int, into any) error {
	if i >= len(args) || len(args[i]) == 0 {
		return nil
	}
	return json.Unmarshal(args[i], into)
}

func strs(args []json.RawMessage, into ...*string) error {
	for i, s := range into {
		if err := arg(args, i, s); err != nil {
			return fmt.Errorf("argument %d must be a string", i+1)
		}
	}
	return nil
}

// callLog(level, text) is ctx.log. Levels mark their lines; debug is only
// heard when asked for.
func (e *Engine) callLog(_ context.Context, args []json.RawMessage) (any, error) {
	var level, text string
	if err := strs(args, &level, &text); err != nil {
		return nil, err
	}
	prefix, stream := "", executor.Stdout
	switch level {
	case "warn":
		prefix, stream = "⚠ ", executor.Stderr
	case "error":
		prefix, stream = "✗ ", executor.Stderr
	case "debug":
		if v, _ := e.env.Get("KICI_DEBUG"); v != "true" && !e.job.Debug {
			return nil, nil
		}
		prefix = "[debug] "
	}
	e.Output(stream, []byte(prefix+text+"\n"))
	return nil, nil
}

func (e *Engine) callSetEnv(_ context.Context, args []json.RawMessage) (any, error) {
	var key, value string
	if err := strs(args, &key, &value); err != nil {
		return nil, fmt.Errorf("setEnv: %w", err)
	}
	if key == "" || strings.ContainsAny(key, "=\x00") {
		return nil, fmt.Errorf("setEnv: %q is no name for a variable", key)
	}
	if strings.ContainsRune(value, 0) {
		return nil, fmt.Errorf("setEnv: the value of %q holds a zero byte", key)
	}
	e.setEnv(key, value)
	return nil, nil
}

// setEnv refuses names that belong to the operator.
func (e *Engine) setEnv(key, value string) {
	e.mu.Lock()
	guarded := e.secrets.guarded(key)
	e.mu.Unlock()
	if guarded {
		e.say("variable %s is ignored: a secret has that name", key)
		return
	}
	e.env.Set(key, value)
}

func (e *Engine) callAddPath(_ context.Context, args []json.RawMessage) (any, error) {
	var dir string
	if err := strs(args, &dir); err != nil || dir == "" {
		return nil, errors.New("addPath: a directory is expected")
	}
	e.addPath(dir)
	return nil, nil
}

func (e *Engine) addPath(dir string) {
	path, _ := e.env.Get("PATH")
	e.env.Set("PATH", prependPath(path, dir))
}

func (e *Engine) callSecretList(context.Context, []json.RawMessage) (any, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.secrets.list(), nil
}

// callSecretMeta answers null for a value without a known origin.
func (e *Engine) callSecretMeta(_ context.Context, args []json.RawMessage) (any, error) {
	var key string
	if err := strs(args, &key); err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	s, ok := e.secrets.values[key]
	if !ok || s.Backend == "" {
		return nil, nil
	}
	e.secrets.access[key] = true
	return map[string]string{"value": s.Value, "backend": s.Backend, "scope": s.Scope}, nil
}

func (e *Engine) callSecretGet(_ context.Context, args []json.RawMessage) (any, error) {
	var key string
	if err := strs(args, &key); err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	s, err := e.secrets.find(key)
	if err != nil {
		return nil, err
	}
	return s.Value, nil
}

// callExpose(key, name) sets the variable name, by default called as the key.
func (e *Engine) callExpose(ctx context.Context, args []json.RawMessage) (any, error) {
	value, err := e.callSecretGet(ctx, args)
	if err != nil {
		return nil, err
	}
	var key, name string
	if err := strs(args, &key, &name); err != nil {
		return nil, err
	}
	if name == "" {
		name = key
	}
	e.expose(name, value.(string))
	return nil, nil
}

func (e *Engine) callMount(_ context.Context, args []json.RawMessage) (any, error) {
	var o mountOptions
	if err := arg(args, 0, &o); err != nil {
		return nil, fmt.Errorf("mountFile: %w", err)
	}
	path, err := e.mount(o)
	if err != nil {
		return nil, err
	}
	return map[string]string{"path": path}, nil
}

func (e *Engine) callExposeFile(ctx context.Context, args []json.RawMessage) (any, error) {
	var name string
	if err := strs(args, &name); err != nil || name == "" {
		return nil, errors.New("exposeFile: the name of the variable is empty")
	}
	mounted, err := e.callMount(ctx, args[1:])
	if err != nil {
		return nil, err
	}
	e.expose(name, mounted.(map[string]string)["path"])
	return mounted, nil
}

func (e *Engine) callPublish(_ context.Context, args []json.RawMessage) (any, error) {
	var key, value string
	if err := strs(args, &key, &value); err != nil {
		return nil, fmt.Errorf("setSecretOutput: %w", err)
	}
	return nil, e.publish(key, value)
}

// callEmit(name, payload, options). Nobody may wait long for a confirmation:
// the event is on its way, and the step has better things to do.
func (e *Engine) callEmit(ctx context.Context, args []json.RawMessage) (any, error) {
	var em executor.Emission
	var options struct {
		Target json.RawMessage `json:"target"`
	}
	if err := strs(args, &em.Name); err != nil || em.Name == "" {
		return nil, errors.New("emit: the first argument is the name of the event")
	}
	if len(args) > 1 {
		em.Payload = args[1]
	}
	if err := arg(args, 2, &options); err != nil {
		return nil, fmt.Errorf("emit: %w", err)
	}
	em.Target = options.Target
	waitCtx, cancel := context.WithTimeout(ctx, emitWait)
	defer cancel()
	id, err := e.host.Emit(waitCtx, em)
	if err != nil && ctx.Err() == nil && waitCtx.Err() != nil {
		id, err = "timeout-"+randomID(), nil
	}
	if err != nil {
		return nil, err
	}
	return map[string]string{"deliveryId": id}, nil
}

func randomID() string {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "0" // crypto/rand does not fail on the systems we run on
	}
	return hex.EncodeToString(b[:])
}

func (e *Engine) callRestore(ctx context.Context, args []json.RawMessage) (any, error) {
	var c executor.Cache
	if err := arg(args, 0, &c); err != nil {
		return nil, fmt.Errorf("cache.restore: %w", err)
	}
	return e.host.RestoreCache(ctx, e.job.Dir, c)
}

func (e *Engine) callSave(ctx context.Context, args []json.RawMessage) (any, error) {
	var c executor.Cache
	if err := arg(args, 0, &c); err != nil {
		return nil, fmt.Errorf("cache.save: %w", err)
	}
	return nil, e.host.SaveCache(ctx, e.job.Dir, c)
}
