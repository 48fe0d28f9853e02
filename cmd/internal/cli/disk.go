package cli

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
)

// Disk is the file system below the working directory, as commands that write
// files of their own (init, hook, fixture) see it. Paths are relative with
// slashes, or absolute.
type Disk struct{ dir string }

func (d Disk) at(path string) string {
	path = filepath.FromSlash(path)
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(d.dir, path)
}

// Read returns a file's text and whether it is there; an unreadable file is an
// error, an absent one is not.
func (d Disk) Read(path string) (text string, found bool, err error) {
	b, err := os.ReadFile(d.at(path))
	if errors.Is(err, fs.ErrNotExist) {
		return "", false, nil
	}
	return string(b), err == nil, err
}

// Has reports whether something stands at path.
func (d Disk) Has(path string) bool {
	_, err := os.Stat(d.at(path))
	return err == nil
}

// IsDir reports whether a directory stands at path.
func (d Disk) IsDir(path string) bool {
	info, err := os.Stat(d.at(path))
	return err == nil && info.IsDir()
}

// Writable reports whether files can be made in a folder, which it makes when it
// is missing.
func (d Disk) Writable(path string) bool {
	if os.MkdirAll(d.at(path), 0o700) != nil {
		return false
	}
	f, err := os.CreateTemp(d.at(path), ".writable-")
	if err != nil {
		return false
	}
	return errors.Join(f.Close(), os.Remove(f.Name())) == nil
}

// Write creates or replaces a file, making its folders.
func (d Disk) Write(path, text string, mode fs.FileMode) error {
	at := d.at(path)
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(at, []byte(text), mode); err != nil {
		return err
	}
	return os.Chmod(at, mode) // WriteFile keeps the mode of a file that was there
}

// MakeDir creates a directory and its parents.
func (d Disk) MakeDir(path string) error { return os.MkdirAll(d.at(path), 0o755) }

// Remove deletes a file or a whole folder; an absent one is fine.
func (d Disk) Remove(path string) error { return os.RemoveAll(d.at(path)) }

// Link makes a symbolic link, in the place of another at once.
func (d Disk) Link(target, path string) error {
	at := d.at(path)
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		return err
	}
	next := at + ".next"
	_ = os.Remove(next) // of an attempt that was cut off
	if err := os.Symlink(filepath.FromSlash(target), next); err != nil {
		return err
	}
	return os.Rename(next, at)
}

// Copy copies a file. Who runs the old one goes on to: the new one takes its name.
func (d Disk) Copy(from, to string, mode fs.FileMode) error {
	content, err := os.ReadFile(d.at(from))
	if err != nil {
		return err
	}
	next := to + ".next"
	if err := d.Write(next, string(content), mode); err != nil {
		return err
	}
	return os.Rename(d.at(next), d.at(to))
}

// List gives the names in a folder; an absent one is empty.
func (d Disk) List(path string) ([]string, error) {
	entries, err := os.ReadDir(d.at(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out, err
}

// Create opens a file for writing, for output that is streamed.
func (d Disk) Create(path string) (io.WriteCloser, error) {
	at := d.at(path)
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		return nil, err
	}
	return os.Create(at)
}

func execute(dir string, env []string, stdout, stderr io.Writer, name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = dir, env, stdout, stderr
	return cmd.Run()
}
