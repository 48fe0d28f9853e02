// Package containertest starts real container engines for tests: a Docker Engine
// and a Podman, each with everything that it keeps in a folder of the test, beside
// whatever engines the machine has.
//
// A package of tests makes one [Lab] and closes it in TestMain; an engine starts
// when the first test asks for it by [Lab.Need], which skips where the machine has
// none, and fails there when CI=true. Images are made of the machine's own
// programs, so no registry is asked: [ImageThin] needs the machine's /usr mounted,
// [ImageBash] carries bash, its libraries and busybox, [ImageBare] has no bash.
// What is left behind is asked with [Left] and [Volumes].
//
//	var lab = containertest.New(os.Environ())
//
//	func TestMain(m *testing.M) { code := m.Run(); …lab.Close()…; os.Exit(code) }
//
//	func TestX(t *testing.T) { address := lab.Need(t, "podman"); … }
//
// The room knows engines and not the runner that is tested with them: what a
// container of ours looks like is executor/sandbox/container's.
package containertest
