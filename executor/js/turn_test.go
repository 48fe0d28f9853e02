package js_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/kici-dev/kici-go/executor/js"
)

func TestBreak(t *testing.T) {
	t.Parallel()
	vm, err := js.New(context.Background(), js.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := vm.Close(); err != nil {
			t.Error(err)
		}
	}()
	p, err := js.Compile("loop", []byte("exports.spin = () => { for (;;); }; exports.fine = () => 1;"), nil)
	if err != nil {
		t.Fatal(err)
	}
	o, err := vm.Load(context.Background(), p)
	if err != nil {
		t.Fatal(err)
	}
	cause := errors.New("enough")
	done := make(chan error, 1)
	go func() {
		_, err := vm.Invoke(context.Background(), o, "spin")
		done <- err
	}()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for broke := false; !broke; {
		<-tick.C
		if turn := vm.Turn(); turn != 0 {
			vm.Break(turn+1, errors.New("another turn"))
			vm.Break(turn, cause)
		}
		select {
		case err := <-done:
			if !errors.Is(err, cause) {
				t.Fatalf("the call ended with %v", err)
			}
			broke = true
		default:
		}
	}
	if raw, err := vm.Invoke(context.Background(), o, "fine"); err != nil || string(raw) != "1" {
		t.Errorf("after a break: %s %v", raw, err)
	}
}
