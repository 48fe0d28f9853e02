// Package measure is what the commands that measure share: medians and other
// quantiles, what a process has taken, and tables in Markdown. It judges no
// figure.
package measure
