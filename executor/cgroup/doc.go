// Package cgroup bounds what a tree of processes may use, with the kernel's
// control groups, where this process is allowed to make one.
//
// [New] makes a group with limits, [Group.Add] puts a process into it (and so
// everything that it starts from then on), [Group.Close] kills what is left
// and removes the group. [Kills] tells how many processes of the own group the
// kernel has ended for want of memory; a child asks before and after a job,
// inside a container as well as outside, because nobody else can tell a step
// that was killed from one that went away.
//
// Both versions of control groups are served, and machines that have the one
// for some controllers and the other for the rest. In version 1 a group is a
// folder below the own one in each controller's tree. In version 2 a group
// with processes may have no children with limits, so the group is made at the
// nearest ancestor that hands the controllers down and lets us write: for root
// that is a slice, for a user the part of the tree that systemd has delegated.
//
// Everything here is best effort: [ErrUnavailable] means that this machine or
// this user has no group to give, and whoever asked goes on without. The room
// decides no limit and starts no process; executor/runner does. Outside of
// Linux there is only the error.
package cgroup

import "errors"

// ErrUnavailable: no group with these limits can be made here.
var ErrUnavailable = errors.New("cgroup: not available")

// Limits bound a group; zero fields do not.
type Limits struct {
	Memory int64   // bytes, swap included
	CPUs   float64 // cores, fractions allowed
	PIDs   int64   // processes and threads
}
