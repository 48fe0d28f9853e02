// Command chaos breaks real services for as long as it is asked to, and says
// whether every promise was kept. It builds the programs, draws a plan from a
// seed, and runs one house after the other: several orchestrators on one
// Postgres, and one on SQLite. What is printed at the beginning of a house is all
// that is needed to have it again; what a house was, its history, logs and
// what it had stored, is kept when a promise was broken.
// It decides nothing itself: how a house is broken and judged is
// kici/kicitest/chaos.
//
//	go run ./cmd/internal/chaos -for 10m -seed 7
package main
