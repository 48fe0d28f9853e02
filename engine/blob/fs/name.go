package fs

import (
	"fmt"
	"path"
	"strconv"
	"strings"
)

// leaf ends the name of a file, and of no folder: "a" and "a/b" are both keys.
const leaf = ".blob"

// longest is how many bytes of a segment go into one name; file systems take 255.
// A name that ends in "%" goes on in the folder it is.
const longest = 200

// name is the path of a key below objects/. Bytes other than a-z, 0-9 and
// "-_.=+@," are "%xx"; capitals are "!" and the small letter, since on some
// file systems "A" is "a".
func name(key string) string {
	segments := strings.Split(key, "/")
	for i, s := range segments {
		segments[i] = escape(s)
		if i < len(segments)-1 && strings.HasSuffix(segments[i], leaf) {
			segments[i] = strings.TrimSuffix(segments[i], "b") + "%62"
		}
	}
	return path.Join(segments...) + leaf
}

func escape(segment string) string {
	var b strings.Builder
	width := 0
	for i := range len(segment) {
		text := escapeByte(segment[i], i == len(segment)-1)
		if width+len(text) > longest {
			b.WriteString("%/")
			width = 0
		}
		b.WriteString(text)
		width += len(text)
	}
	return b.String()
}

func escapeByte(c byte, last bool) string {
	switch {
	case c >= 'A' && c <= 'Z':
		return "!" + string(c+'a'-'A')
	case c == '.' && last: // Windows drops it
		return "%2e"
	case c >= 'a' && c <= 'z', c >= '0' && c <= '9', strings.IndexByte("-_.=+@,", c) >= 0:
		return string(c)
	}
	return fmt.Sprintf("%%%02x", c)
}

// keyOf is the key of a path below objects/; false for files that are not ours.
func keyOf(file string) (string, bool) {
	text, ours := strings.CutSuffix(file, leaf)
	if !ours {
		return "", false
	}
	text = strings.ReplaceAll(text, "%/", "")
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '!' && i+1 < len(text):
			i++
			b.WriteByte(text[i] - 'a' + 'A')
		case c == '%' && i+2 < len(text):
			n, err := strconv.ParseUint(text[i+1:i+3], 16, 8)
			if err != nil {
				return "", false
			}
			b.WriteByte(byte(n))
			i += 2
		default:
			b.WriteByte(c)
		}
	}
	key := b.String()
	return key, key != "" && name(key) == file // what we would not have written is not ours
}
