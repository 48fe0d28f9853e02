package terminaltest

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// Terminal is a screen of characters with a history above.
type Terminal struct {
	mu            sync.Mutex // guards everything
	width, height int
	rows          []row // history and screen; the screen is the last height of them
	y, x          int   // of the cursor, y from the first row of all
	pending       string
	draws         int
}

// row is one row of cells; wrapped says that the next row continues it.
type row struct {
	cells   []string // a character and what is put upon it; "" behind a wide one
	wrapped bool
}

// New makes an empty terminal.
func New(width, height int) *Terminal {
	return &Terminal{width: width, height: height, rows: make([]row, 1)}
}

// Width and Height are its size now.
func (t *Terminal) Width() int  { t.mu.Lock(); defer t.mu.Unlock(); return t.width }
func (t *Terminal) Height() int { t.mu.Lock(); defer t.mu.Unlock(); return t.height }

// Draws counts synchronised updates.
func (t *Terminal) Draws() int { t.mu.Lock(); defer t.mu.Unlock(); return t.draws }

// Write obeys.
func (t *Terminal) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := t.pending + string(p)
	t.pending = ""
	for text != "" {
		switch {
		case text[0] == 0x1b:
			if len(text) > 1 && text[1] != '[' {
				return 0, fmt.Errorf("terminaltest: unknown sequence %q", text[:2])
			}
			end := strings.IndexFunc(text[min(2, len(text)):], func(r rune) bool { return r >= '@' && r <= '~' })
			if len(text) < 2 || end < 0 {
				t.pending = text
				return len(p), nil
			}
			if err := t.control(text[2:2+end], text[2+end]); err != nil {
				return 0, err
			}
			text = text[3+end:]
		case text[0] == '\r':
			t.x, text = 0, text[1:]
		case text[0] == '\n':
			t.down()
			text = text[1:]
		case text[0] == 0x07 || text[0] == '\b':
			text = text[1:]
		case !utf8.FullRuneInString(text):
			t.pending = text
			return len(p), nil
		default:
			r, size := utf8.DecodeRuneInString(text)
			t.put(r)
			text = text[size:]
		}
	}
	return len(p), nil
}

func (t *Terminal) control(args string, command byte) error {
	n, err := strconv.Atoi(args)
	if err != nil {
		n = 1
	}
	switch command {
	case 'm':
	case 'A':
		t.y = max(t.y-n, t.top())
	case 'K':
		t.line().cells = t.line().cells[:min(t.x, len(t.line().cells))]
		t.line().wrapped = false
	case 'J':
		t.line().cells = t.line().cells[:min(t.x, len(t.line().cells))]
		t.line().wrapped = false
		t.rows = t.rows[:t.y+1]
	case 'h', 'l':
		if !strings.HasPrefix(args, "?") {
			return fmt.Errorf("terminaltest: unknown mode %q", args)
		}
		if args == "?2026" && command == 'h' {
			t.draws++
		}
	default:
		return fmt.Errorf("terminaltest: unknown command ESC [ %s %c", args, command)
	}
	return nil
}

func (t *Terminal) line() *row { return &t.rows[t.y] }

// top is the first row that is on the screen.
func (t *Terminal) top() int { return max(0, len(t.rows)-t.height) }

func (t *Terminal) down() {
	if t.y++; t.y == len(t.rows) {
		t.rows = append(t.rows, row{})
	}
}

func (t *Terminal) put(r rune) {
	if unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) {
		if c := t.line().cells; t.x > 0 && t.x <= len(c) {
			c[t.x-1] += string(r)
		}
		return
	}
	wide := 1
	if r >= 0x2e80 && r <= 0xffe6 || r >= 0x1f300 {
		wide = 2
	}
	if t.x+wide > t.width {
		t.line().wrapped = true
		t.down()
		t.x = 0
	}
	l := t.line()
	for len(l.cells) < t.x+wide {
		l.cells = append(l.cells, " ")
	}
	l.cells[t.x] = string(r)
	if wide == 2 {
		l.cells[t.x+1] = ""
	}
	t.x += wide
}

// Resize changes the size and breaks lines anew; the cursor stays at its
// character.
func (t *Terminal) Resize(width, height int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	old, y, x := t.rows, t.y, t.x
	t.width, t.height, t.rows, t.y, t.x = width, height, make([]row, 1), 0, 0
	cursorY, cursorX := 0, 0
	for i, l := range old {
		for j, cell := range l.cells {
			if i == y && j == x {
				cursorY, cursorX = t.y, t.x
			}
			for k, r := range cell {
				if k == 0 || !unicode.In(r, unicode.Mn) {
					t.put(r)
				}
			}
		}
		if i == y && x >= len(l.cells) {
			cursorY, cursorX = t.y, t.x
		}
		if !l.wrapped && i+1 < len(old) {
			t.down()
			t.x = 0
		}
	}
	t.y, t.x = cursorY, cursorX
}

// Text is what stands on the screen, without the empty end.
func (t *Terminal) Text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text(t.top(), false)
}

// History is everything that was ever shown and not overwritten, with broken
// lines joined.
func (t *Terminal) History() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text(0, true)
}

func (t *Terminal) text(from int, join bool) string {
	var b strings.Builder
	for i := from; i < len(t.rows); i++ {
		line := strings.Join(t.rows[i].cells, "")
		if join && t.rows[i].wrapped {
			b.WriteString(line)
			continue
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return strings.TrimRight(b.String(), "\n")
}
