package lockfile

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The golden file touches every union and every presence rule; it must come
// back byte for byte.
func TestRoundTripGolden(t *testing.T) {
	t.Parallel()
	want, err := os.ReadFile("testdata/full.lock.json")
	if err != nil {
		t.Fatal(err)
	}
	f, err := Parse(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Encode(f)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("the file changed on its way:\n%s", firstDifference(got, want))
	}
}

func firstDifference(got, want []byte) string {
	a, b := bytes.Split(got, []byte("\n")), bytes.Split(want, []byte("\n"))
	for i := range min(len(a), len(b)) {
		if !bytes.Equal(a[i], b[i]) {
			return "got  " + string(a[i]) + "\nwant " + string(b[i])
		}
	}
	return "one is a prefix of the other"
}

// Node's own JSON.stringify is the definition of the layout.
func TestLayoutEqualsJSONStringify(t *testing.T) {
	t.Parallel()
	node, err := exec.LookPath("node")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("node is needed to compare with JSON.stringify")
		}
		t.Skip("SKIPPED: no node on this machine, layout not compared with JSON.stringify")
	}
	path, err := filepath.Abs("testdata/full.lock.json")
	if err != nil {
		t.Fatal(err)
	}
	const script = `const t=require("fs").readFileSync(process.argv[1],"utf8"),o=JSON.parse(t);
const c=require("crypto").createHash("sha256").update(JSON.stringify({schemaVersion:o.schemaVersion,source:o.source,workflows:o.workflows})).digest("hex");
process.stdout.write(c+JSON.stringify(o,null,2))`
	out, err := exec.Command(node, "-e", script, path).Output()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := Encode(f)
	if err != nil {
		t.Fatal(err)
	}
	hash, err := ContentHash(f)
	if err != nil {
		t.Fatal(err)
	}
	if want := string(out[:64]); hash != want {
		t.Errorf("content hash %s, node computes %s", hash, want)
	}
	if !bytes.Equal(encoded, out[64:]) {
		t.Error(firstDifference(encoded, out[64:]))
	}
}
