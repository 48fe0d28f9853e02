package logs

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/kici-dev/kici-go/engine/blob"
)

// A sealed log is a zstd stream:
//
//	block…  a skippable frame with the times of the lines, a frame with their text
//	index   a skippable frame: of each block its bytes, lines and bytes of text;
//	        at its end, 8 bytes say where it starts, and 4 are "klg1"
//
// All numbers but the last are unsigned varints. To read a line is to read the
// end of the object, and then from its block on; to read all is `zstdcat`.
const (
	skippable   = 0x184D2A50
	archiveMark = "klg1"
	tailSize    = 8 + len(archiveMark)
	// glance is how much of the end is read at once: the index of most logs.
	glance = 32 << 10
)

// The compressor and its twin keep no state between blocks and are safe for
// concurrent use; building them is what is dear.
var compressor = sync.OnceValue(func() *zstd.Encoder {
	e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(256<<10))
	return must(e, err)
})

var decompressor = sync.OnceValue(func() *zstd.Decoder {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(4*blockSize))
	return must(d, err)
})

// must is for options that are written above.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// entry is a block as the index knows it.
type entry struct {
	size  int64 // bytes in the archive
	lines int64
	bytes int64 // of text
}

func frame(to, content []byte) []byte {
	to = binary.LittleEndian.AppendUint32(to, skippable)
	to = binary.LittleEndian.AppendUint32(to, uint32(len(content)))
	return append(to, content...)
}

// unframe takes a skippable frame off.
func unframe(from []byte) (content, rest []byte, err error) {
	if len(from) < 8 || binary.LittleEndian.Uint32(from) != skippable {
		return nil, nil, fmt.Errorf("%w: no frame", ErrDamaged)
	}
	n := int64(binary.LittleEndian.Uint32(from[4:]))
	if n > int64(len(from)-8) {
		return nil, nil, fmt.Errorf("%w: a cut frame", ErrDamaged)
	}
	return from[8 : 8+n], from[8+n:], nil
}

// seal is the block as it lies in an archive.
func (b *block) seal() ([]byte, entry) {
	out := compressor().EncodeAll(b.text, frame(nil, b.times(nil)))
	return out, entry{int64(len(out)), int64(b.lines), int64(len(b.text))}
}

func unseal(from []byte, e entry) (*block, error) {
	times, text, err := unframe(from)
	if err != nil {
		return nil, err
	}
	var b block
	if err := b.readTimes(times); err != nil {
		return nil, err
	}
	if b.text, err = decompressor().DecodeAll(text, nil); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if int64(b.lines) != e.lines || int64(len(b.text)) != e.bytes {
		return nil, fmt.Errorf("%w: a block is not as long as it should be", ErrDamaged)
	}
	return &b, nil
}

// writeIndex closes an archive whose blocks are written.
func writeIndex(entries []entry) []byte {
	var content []byte
	start := int64(0)
	for _, e := range entries {
		start += e.size
		for _, n := range []int64{e.size, e.lines, e.bytes} {
			content = binary.AppendUvarint(content, uint64(n))
		}
	}
	content = binary.LittleEndian.AppendUint64(content, uint64(start))
	return frame(nil, append(content, archiveMark...))
}

// readIndex reads the index of an archive.
func readIndex(ctx context.Context, blobs blob.Store, key string) ([]entry, error) {
	end, size, err := read(ctx, blobs, key, blob.Range{From: -glance})
	if err != nil {
		return nil, err
	}
	bad := fmt.Errorf("%w: %s has no index", ErrDamaged, key)
	if len(end) < tailSize || !bytes.HasSuffix(end, []byte(archiveMark)) {
		return nil, bad
	}
	start := int64(binary.LittleEndian.Uint64(end[len(end)-tailSize:]))
	if start < 0 || start > size-int64(tailSize) {
		return nil, bad
	}
	if at := size - int64(len(end)); start >= at {
		end = end[start-at:]
	} else if end, _, err = read(ctx, blobs, key, blob.Range{From: start}); err != nil {
		return nil, err
	}
	content, rest, err := unframe(end)
	if err != nil || len(rest) > 0 || len(content) < tailSize {
		return nil, bad
	}
	return parseIndex(content[:len(content)-tailSize], start, bad)
}

func parseIndex(content []byte, start int64, bad error) ([]entry, error) {
	var out []entry
	sum := int64(0)
	for len(content) > 0 {
		var e entry
		for _, into := range []*int64{&e.size, &e.lines, &e.bytes} {
			n, w := binary.Uvarint(content)
			if w <= 0 || n > 1<<40 {
				return nil, bad
			}
			*into, content = int64(n), content[w:]
		}
		sum += e.size
		out = append(out, e)
	}
	if sum != start { // the blocks fill what is before the index
		return nil, bad
	}
	return out, nil
}

// read fetches a range whole. Callers know that it is small.
func read(ctx context.Context, blobs blob.Store, key string, r blob.Range) ([]byte, int64, error) {
	o, err := blobs.Get(ctx, key, r)
	if err != nil {
		return nil, 0, err
	}
	b, err := io.ReadAll(o.Body)
	return b, o.Size, errors.Join(err, o.Body.Close())
}
