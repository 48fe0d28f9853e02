package step

import (
	"os"
	"path/filepath"
	"testing"
)

func TestResetEnvFiles(t *testing.T) {
	t.Parallel()
	elsewhere := filepath.Join(t.TempDir(), "elsewhere")
	for name, spoil := range map[string]func(file string) error{
		"untouched": func(string) error { return nil },
		"written":   func(file string) error { return os.WriteFile(file, []byte("A=1\n"), 0o600) },
		"removed":   os.Remove,
		"locked":    func(file string) error { return os.Chmod(file, 0o400) },
		"a link": func(file string) error {
			if err := os.WriteFile(elsewhere, nil, 0o600); err != nil {
				return err
			}
			if err := os.Remove(file); err != nil {
				return err
			}
			return os.Symlink(elsewhere, file)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newEnvFiles(t.TempDir())
			if err := f.reset(); err != nil {
				t.Fatal(err)
			}
			if err := spoil(f.env); err != nil {
				t.Fatal(err)
			}
			if err := f.reset(); err != nil {
				t.Fatal(err)
			}
			if vars, paths, err := f.take(); len(vars)+len(paths) > 0 || err != nil {
				t.Errorf("after a reset: %q, %q, %v", vars, paths, err)
			}
			if err := os.WriteFile(f.env, []byte("B=2\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			if vars, _, err := f.take(); len(vars) != 1 || vars[0] != [2]string{"B", "2"} || err != nil {
				t.Errorf("after a write: %q, %v", vars, err)
			}
			if info, err := os.Lstat(f.env); err != nil || !info.Mode().IsRegular() {
				t.Errorf("%v, %v", info, err)
			}
		})
	}
}
