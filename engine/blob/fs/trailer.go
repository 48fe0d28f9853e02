package fs

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"time"

	"github.com/kici-dev/kici-go/engine/blob"
)

// The trailer: the head of a zstd skippable frame and its length, our mark, when
// the body was put (microseconds), and its SHA-256.
const (
	frameMagic  = 0x184D2A5E
	mark        = "kb1\n"
	trailerSize = 8 + len(mark) + 8 + 32
)

func trailer(created time.Time, sum []byte) []byte {
	b := binary.LittleEndian.AppendUint32(nil, frameMagic)
	b = binary.LittleEndian.AppendUint32(b, uint32(trailerSize-8))
	b = append(b, mark...)
	b = binary.LittleEndian.AppendUint64(b, uint64(created.UnixMicro()))
	return append(b, sum...)
}

// describe reads what is known of an object from its open file. Of a damaged one
// that is its size and time on disk.
func describe(key string, f *os.File) (blob.Info, error) {
	stat, err := f.Stat()
	if err != nil {
		return blob.Info{}, err
	}
	info := blob.Info{Key: key, Size: stat.Size(), Created: stat.ModTime().UTC(), Used: stat.ModTime().UTC()}
	b := make([]byte, trailerSize)
	size := stat.Size() - int64(trailerSize)
	if size < 0 {
		return info, fmt.Errorf("%w: %s is cut", blob.ErrDamaged, key)
	}
	if _, err := f.ReadAt(b, size); err != nil {
		return blob.Info{}, err
	}
	created := time.UnixMicro(int64(binary.LittleEndian.Uint64(b[12:]))).UTC()
	sum := b[20:]
	if !bytes.Equal(b, trailer(created, sum)) {
		return info, fmt.Errorf("%w: %s has no trailer", blob.ErrDamaged, key)
	}
	info.Size, info.SHA256, info.Created = size, hex.EncodeToString(sum), created
	return info, nil
}
