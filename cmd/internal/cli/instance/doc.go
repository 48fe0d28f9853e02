// Package instance keeps services installed: an orchestrator, an agent or a relay as
// a unit of systemd or a job of launchd, of the system or of a user.
//
// What is installed is an [Instance]: its name, where its files are, and which
// versions of the program are there. [Host.Install] lays the files out, writes the
// unit and starts it; the others ([Host.Control], [Host.Status], [Host.Logs],
// [Host.Upgrade], [Host.Uninstall]) find the instance again by [Host.Find]: by its
// folder, its name, or the only one there is. A manifest in the instance's folder
// and an index of all instances remember it.
//
// Which program it is makes no difference but for data in [Program]. The init
// system is only ever asked by running systemctl, journalctl, loginctl or launchctl,
// so tests script them. An upgrade puts the new version beside the old one and turns
// a link over, which makes going back the same step. Settings and data are never
// removed.
package instance
