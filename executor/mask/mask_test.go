package mask

import (
	"encoding/base64"
	"errors"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const pem = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj\nAgEAAoIBAQC7VJTUt9Us8cKjMzEfYyjiWA4R4/M2\nbS1G\n-----END KEY-----\n"

func TestSetString(t *testing.T) {
	t.Parallel()
	const secret = `p@ss w"rd'<&>/x`
	tests := []struct {
		name    string
		secrets []string
		in      string
		want    string
	}{
		{"no secrets", nil, "abc", "abc"},
		{"plain", []string{"hunter2"}, "pw=hunter2;", "pw=***;"},
		{"whole text", []string{"hunter2"}, "hunter2", "***"},
		{"twice, touching", []string{"hunter2"}, "hunter2hunter2", "******"},
		{"longest of overlapping", []string{"abc", "abcdef", "cdefgh"}, "xabcdefghx", "x***x"},
		{"prefix only", []string{"abcdef"}, "abcde", "abcde"},
		{"prefix of a form, then another", []string{"abcdef", "bcx"}, "abcx", "a***"},
		{"too short to mask", []string{"no", "1", ""}, "no 1", "no 1"},
		{"three characters", []string{"yes"}, "yes", "***"},
		{"trailing newline of a file", []string{"hunter2\n"}, "pw=hunter2!", "pw=***!"},
		{"query", []string{secret}, "u?p=" + url.QueryEscape(secret) + "&q", "u?p=***&q"},
		{"path", []string{secret}, "/" + url.PathEscape(secret) + "/q", "/***/q"},
		{"json", []string{secret}, `{"p":"` + jsonBody(secret, true) + `"}`, `{"p":"***"}`},
		{"javascript json", []string{secret}, `{"p":"` + jsonBody(secret, false) + `"}`, `{"p":"***"}`},
		{"shell", []string{secret}, `'` + strings.ReplaceAll(secret, `'`, `'\''`) + `'`, `'***'`},
		{"dollar quoted", []string{secret}, `$'` + dollarQuoted(secret) + `'`, `$'***'`},
		{"hex", []string{"hunter2"}, "68756e74657232", "***"},
		{"pem in one piece", []string{pem}, "key: " + pem + "end", "key: ***\nend"},
		{"pem from a terminal", []string{pem}, strings.ReplaceAll(pem, "\n", "\r\n"), "***\r\n"},
		{"pem line by line", []string{pem}, "> MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj\n> bS1G\n", "> ***\n> bS1G\n"},
		{"pem boundary is no secret", []string{pem}, "-----END KEY-----", "-----END KEY-----"},
		{"binary", []string{"\x00\xff\xfe\x01"}, "a\x00\xff\xfe\x01b", "a***b"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := NewSet(tt.secrets...).String(tt.in); got != tt.want {
				t.Errorf("String(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

func TestBase64AtEveryAlignment(t *testing.T) {
	t.Parallel()
	const secret = "hunter2-hunter2"
	set := NewSet(secret)
	for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding, base64.RawStdEncoding} {
		for before := range 7 {
			for after := range 4 {
				text := strings.Repeat("u", before) + secret + strings.Repeat("v", after)
				masked := set.String(enc.EncodeToString([]byte(text)))
				if !strings.Contains(masked, Placeholder) {
					t.Errorf("%d bytes before, %d after: %q is not masked", before, after, masked)
				}
			}
		}
	}
}

func TestAllByteValues(t *testing.T) {
	t.Parallel()
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	set := NewSet(string(all))
	if got := set.String("<" + string(all) + ">"); got != "<***>" {
		t.Errorf("got %q", got)
	}
}

// Every split of every text gives what the text gives in one piece, and
// nothing waits that cannot become a secret.
func TestStreamSplits(t *testing.T) {
	t.Parallel()
	set := NewSet("hunter2", "unterwegs", pem, "aab", "ababc")
	texts := []string{"a hunter2 hunterwegs unterwegs aaab ababababc hunter", pem, "x" + pem[:40] + "hunter2" + pem}
	for _, text := range texts {
		want := set.String(text)
		for cut := range len(text) {
			for _, second := range []int{1, 3, 7} {
				if got := stream(t, set, text, cut, second); got != want {
					t.Fatalf("cut at %d, then every %d: got %q, want %q", cut, second, got, want)
				}
			}
		}
	}
}

func stream(t *testing.T, set *Set, text string, cut, step int) string {
	t.Helper()
	var b strings.Builder
	st := set.Stream(func(p []byte) error { b.Write(p); return nil })
	pieces := []string{text[:cut]}
	for rest := text[cut:]; rest != ""; {
		n := min(step, len(rest))
		pieces = append(pieces, rest[:n])
		rest = rest[n:]
	}
	for _, p := range pieces {
		if _, err := st.Write([]byte(p)); err != nil {
			t.Fatal(err)
		}
	}
	if err := st.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestHoldsBackOnlyWhatMayGrow(t *testing.T) {
	t.Parallel()
	set := NewSet(strings.Repeat("k", 4096), "hunter2")
	var b strings.Builder
	st := set.Stream(func(p []byte) error { b.Write(p); return nil })
	for _, tt := range []struct{ in, want string }{
		{"hello\n", "hello\n"},
		{"say hunt", "hello\nsay "},
		{"ing\n", "hello\nsay hunting\n"},
		{"kk", "hello\nsay hunting\n"},
		{"!", "hello\nsay hunting\nkk!"},
	} {
		if _, err := st.Write([]byte(tt.in)); err != nil {
			t.Fatal(err)
		}
		if b.String() != tt.want {
			t.Fatalf("after %q: %q, want %q", tt.in, b.String(), tt.want)
		}
	}
}

func TestAddInTheMiddle(t *testing.T) {
	t.Parallel()
	set := NewSet("abcdefgh")
	var b strings.Builder
	st := set.Stream(func(p []byte) error { b.Write(p); return nil })
	st.Write([]byte("1 newborn 2 abcd"))
	set.Add("newborn", "cdef")
	st.Write([]byte("ef newborn abcdefgh"))
	st.Flush()
	if want := "1 newborn 2 ab*** *** ***"; b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
}

func TestSinkError(t *testing.T) {
	t.Parallel()
	st := NewSet("hunter2").Stream(func([]byte) error { return errors.New("disk full") })
	if _, err := st.Write([]byte("x")); err == nil {
		t.Error("the sink's error is lost")
	}
}

// FuzzStream compares random splits with the whole, and the whole with a
// search for every form.
func FuzzStream(f *testing.F) {
	f.Add("hunter2", pem, "x hunter2 "+pem, uint64(1))
	f.Add("aab", "abab", "aaabababaab", uint64(7))
	f.Add("\x00\x01\x02", "日本語", "a\x00\x01\x02日本語", uint64(3))
	f.Fuzz(func(t *testing.T, one, two, text string, seed uint64) {
		if len(one)+len(two) > 300 || len(text) > 1<<14 {
			t.Skip()
		}
		set := NewSet(one, two)
		want := set.String(text)
		for _, secret := range []string{one, two} {
			bare := strings.TrimRight(secret, "\r\n")
			if len(bare) >= MinLength && !strings.Contains(Placeholder, bare) && strings.Contains(strings.ReplaceAll(want, Placeholder, "\x00\x00"), bare) && !strings.Contains(bare, "\x00") {
				t.Fatalf("%q is left in %q", bare, want)
			}
		}
		rng := rand.New(rand.NewPCG(seed, 1))
		var b strings.Builder
		st := set.Stream(func(p []byte) error { b.Write(p); return nil })
		for rest := text; rest != ""; {
			n := 1 + rng.IntN(min(len(rest), 9))
			st.Write([]byte(rest[:n]))
			rest = rest[n:]
		}
		st.Flush()
		if b.String() != want {
			t.Fatalf("split: %q, whole: %q", b.String(), want)
		}
	})
}

func BenchmarkStream(b *testing.B) {
	line := "2026-11-23T19:00:00Z  ok   github.com/example/project/pkg/thing  0.412s coverage: 81.2% of statements\n"
	block := []byte(strings.Repeat(line, 32*1024/len(line)))
	for _, bench := range []struct {
		name    string
		secrets int
	}{{"20 secrets", 20}, {"200 secrets", 200}} {
		b.Run(bench.name, func(b *testing.B) {
			rng := rand.New(rand.NewPCG(1, 2))
			set := NewSet(pem)
			for range bench.secrets - 1 {
				raw := make([]byte, 24)
				for i := range raw {
					raw[i] = byte(rng.IntN(256))
				}
				set.Add(base64.StdEncoding.EncodeToString(raw))
			}
			st := set.Stream(func([]byte) error { return nil })
			b.SetBytes(int64(len(block)))
			for b.Loop() {
				st.Write(block)
			}
		})
	}
}

// A rebuild happens whenever a job learns a secret; it must stay unnoticeable.
func BenchmarkAdd(b *testing.B) {
	key := strings.Repeat(pem, 4096/len(pem))
	b.ReportAllocs()
	for b.Loop() {
		NewSet(key)
	}
}
