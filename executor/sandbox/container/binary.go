package container

import (
	"archive/tar"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
)

// binary is a runner that can be copied into containers.
type binary struct {
	path string
	arch string
}

// runnerFor returns the binary for an architecture.
func (r *Runner) runnerFor(arch string) (*binary, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.own == nil {
		path := r.config.RunnerBinary
		if path == "" {
			self, err := os.Executable()
			if err != nil {
				return nil, fmt.Errorf("container: find the own binary: %w", err)
			}
			path = self
		}
		b, err := inspectBinary(path)
		if err != nil {
			return nil, fmt.Errorf("container: a job in a container is run by a static Linux kici, and %s is none (%w): set RunnerBinary to one, built with CGO_ENABLED=0 GOOS=linux GOARCH=%s", path, err, arch)
		}
		r.own = b
	}
	if r.own.arch != arch {
		return nil, fmt.Errorf("container: the image is for linux/%s and %s for linux/%s: choose an image of that architecture, or set RunnerBinary to a kici built with CGO_ENABLED=0 GOOS=linux GOARCH=%s", arch, r.own.path, r.own.arch, arch)
	}
	return r.own, nil
}

// inspectBinary tells whether a file is a static Linux program. One that asks
// for an interpreter would need the image's C library to be ours.
func inspectBinary(file string) (*binary, error) {
	f, err := elf.Open(file)
	var format *elf.FormatError
	if errors.As(err, &format) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, errors.New("not a Linux program, as this is " + runtime.GOOS)
	}
	if err != nil {
		return nil, plain(err)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			return nil, errors.New("dynamically linked")
		}
	}
	arch, known := map[elf.Machine]string{
		elf.EM_X86_64: "amd64", elf.EM_AARCH64: "arm64", elf.EM_386: "386", elf.EM_ARM: "arm",
		elf.EM_RISCV: "riscv64", elf.EM_S390: "s390x", elf.EM_PPC64: "ppc64le", elf.EM_LOONGARCH: "loong64",
	}[f.Machine]
	if !known {
		return nil, fmt.Errorf("for a machine that nobody knows, %s", f.Machine)
	}
	return &binary{path: file, arch: arch}, nil
}

// archive writes what a container needs of ours: the runner, and a home folder
// for a user that the image does not know.
func (b *binary) archive(w io.Writer, u user) error {
	f, err := os.Open(b.path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	below := strings.TrimPrefix(home, "/") // the archive is unpacked at the root, because an image may lack /opt
	t := tar.NewWriter(w)
	for _, h := range []*tar.Header{
		{Typeflag: tar.TypeDir, Name: below + "/", Mode: 0o755},
		{Typeflag: tar.TypeDir, Name: below + "/home/", Mode: 0o755, Uid: u.uid, Gid: u.gid},
		{Typeflag: tar.TypeReg, Name: below + "/kici", Mode: 0o755, Size: info.Size()},
	} {
		if err := t.WriteHeader(h); err != nil {
			return err
		}
	}
	if _, err := io.Copy(t, f); err != nil {
		return err
	}
	return t.Close()
}
