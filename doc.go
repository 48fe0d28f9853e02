// Package kicigo is the map of the house; it exports nothing.
//
//	lockfile says, engine decides, executor does, transport carries,
//	kici assembles, cmd starts, examples show.
//
// Read the package comments in that order. A library user starts at kici; a
// workflow author's half of the product is kici/author; everything under
// cmd is a thin main over those two.
package kicigo
