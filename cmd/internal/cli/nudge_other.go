//go:build !unix

package cli

import "os"

func nudges() (<-chan os.Signal, func())  { return nil, func() {} }
func reloads() (<-chan os.Signal, func()) { return nil, func() {} }
