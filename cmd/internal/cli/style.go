package cli

// Style colours text for the terminal, or leaves it alone.
type Style struct{ on bool }

// StyleFor decides once per command: colour on a terminal, never with NO_COLOR
// or TERM=dumb, always with FORCE_COLOR.
func StyleFor(s *State) Style {
	switch {
	case s.Env["NO_COLOR"] != "":
		return Style{}
	case s.Env["FORCE_COLOR"] != "" && s.Env["FORCE_COLOR"] != "0":
		return Style{on: true}
	default:
		return Style{on: s.StdoutTTY && s.Env["TERM"] != "dumb"}
	}
}

func (c Style) paint(code, text string) string {
	if !c.on || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (c Style) Red(s string) string    { return c.paint("31", s) }
func (c Style) Green(s string) string  { return c.paint("32", s) }
func (c Style) Yellow(s string) string { return c.paint("33", s) }
func (c Style) Cyan(s string) string   { return c.paint("36", s) }
func (c Style) Bold(s string) string   { return c.paint("1", s) }
func (c Style) Dim(s string) string    { return c.paint("2", s) }

// Lane gives the n-th of several parallel things a colour of its own; five
// take turns, none of them the red and green that mean an outcome.
func (c Style) Lane(n int, s string) string {
	codes := [...]string{"36", "35", "34", "33", "96"}
	return c.paint(codes[n%len(codes)], s)
}
