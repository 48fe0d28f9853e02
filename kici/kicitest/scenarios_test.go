package kicitest_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/kici-dev/kici-go/kici/kicitest"
)

// Pairs that start no command hold in virtual time, and without a checkout, as
// they do in children and through the command. (With commands, all of them run
// in this process in kici/author.)
func TestScenarios(t *testing.T) {
	t.Parallel()
	kicitest.Scenarios(t, "testdata/scenarios", kicitest.Machine([]string{"PATH=/usr/bin:/bin"}))
}

func TestScenariosWithCommands(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"001_echo", "004_failing_command", "035_matrix_array"} {
		if err := os.CopyFS(filepath.Join(dir, name), os.DirFS(filepath.Join("testdata/scenarios", name))); err != nil {
			t.Fatal(err)
		}
	}
	kicitest.Scenarios(t, dir, kicitest.RealCommands(os.Environ()))
}
