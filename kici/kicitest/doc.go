// Package kicitest tests workflows with `go test`. Draft.
package kicitest
