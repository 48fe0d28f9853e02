//go:build !linux

package cli

func private() {}
