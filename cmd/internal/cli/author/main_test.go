package author

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/kici-dev/kici-go/kici"
)

// TestMain lets the test binary be the child of the runs it starts, as every
// program that runs jobs must.
func TestMain(m *testing.M) {
	if handled, err := kici.ServeChild(context.Background(), os.Args, os.Stdin, os.Stdout); handled {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}
