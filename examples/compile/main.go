// Command compile shows the compiler as a library: it compiles the workflows of
// the working directory and prints what the compiler has to say. The README
// quotes it word for word, and a test keeps the two equal.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/kici-dev/kici-go/kici"
	"github.com/kici-dev/kici-go/kici/author"
)

func main() {
	if handled, err := kici.ServeChild(context.Background(), os.Args, os.Stdin, os.Stdout); handled {
		if err != nil {
			os.Exit(1)
		}
		return
	}
	res, err := author.Compile(context.Background(), author.CompileOptions{Dir: "."})
	fmt.Println(res, err)
}
