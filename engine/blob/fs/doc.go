// Package fs keeps the objects of blob.Store in a folder of this machine.
//
// Below the folder, `objects/` mirrors the keys, as file names that every file
// system takes (see name.go), and `tmp/` holds what is being written. A file is
// the body and a trailer of 52 bytes with its SHA-256 and its age, so that one
// rename makes both visible; the time of last use is the file's modification
// time. Put writes to tmp, syncs, renames and syncs the folder: after it has
// returned, a power cut changes nothing, and before, nothing is seen. Copy links,
// so that the bytes of a cache move once. All paths go through os.Root, and no
// key and no symbolic link leads out of the folder.
//
// Any number of processes may share the folder. The package removes nothing by
// age but leftovers in tmp; that is for the owners of the keys. The trailer is a
// skippable frame of zstd's, and garbage that gzip passes over, so that the usual
// tools read the files.
package fs
