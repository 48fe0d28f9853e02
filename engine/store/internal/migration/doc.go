// Package migration reads the numbered SQL files that a driver embeds and says
// which of them a database still lacks.
//
// Versions go up by one from 1 and only forward; a file is never changed once
// released. A database that has more than this binary knows belongs to a newer
// release and is refused. Running them, one transaction each and under a lock, is
// the driver's part.
package migration
