package js

import (
	"context"
	"testing"
)

// TestView looks at a namespace the way code bundled by esbuild does.
func TestView(t *testing.T) {
	t.Parallel()
	made := 0
	modules := map[string]Module{
		"sdk": ModuleFunc(func(h Host) (Exports, error) {
			made++
			return h.Runtime().RunString(`Object.defineProperties({ __esModule: true, default: 1, a: () => 2 }, {
				lazy: { enumerable: true, get() { throw new RangeError("lazy") } } })`)
		}),
		"plain": ModuleFunc(func(h Host) (Exports, error) {
			return h.Runtime().RunString(`Object.assign(() => "called", { b: 3 })`)
		}),
		"text": ModuleFunc(func(h Host) (Exports, error) { return h.Runtime().ToValue("text"), nil }),
	}
	vm := newVM(t, Config{Modules: modules})
	p, err := Compile("test", []byte(`(async (__kici_require) => { "use strict";
		const view = (name, node) => __kici_require.view(__kici_require(name), node);
		const threw = (f) => { try { f(); return "" } catch (e) { return e.name } };
		const sdk = view("sdk"), node = view("sdk", 1), plain = view("plain");
		return { check: () => [
			sdk === view("sdk"), sdk !== node, sdk.default, node.default.a(), (0, sdk.a)(), sdk.missing === undefined,
			"lazy" in sdk, "missing" in sdk, "default" in plain, Object.keys(node).join(), Object.keys(plain).includes("b"),
			threw(() => sdk.lazy), threw(() => { sdk.a = 1 }), threw(() => { delete sdk.a }),
			plain.default(), plain.b, view("text") === undefined, __kici_require.view({ own: 1 }) === undefined,
		] };
	})`), nil)
	if err != nil {
		t.Fatal(err)
	}
	o, err := vm.Load(context.Background(), p)
	if err != nil {
		t.Fatal(err)
	}
	got, err := vm.Invoke(context.Background(), o, "check")
	if err != nil {
		t.Fatal(err)
	}
	want := `[true,true,1,2,2,true,true,false,true,"default,__esModule,a,lazy",true,"RangeError","TypeError","TypeError","called",3,true,true]`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if made != 1 {
		t.Errorf("the module was made %d times", made)
	}
}
