package author

import (
	"encoding/json"
	"fmt"
	"path"
	"sort"
	"strings"
	"unicode"

	"github.com/kici-dev/kici-go/cmd/internal/cli"
	"github.com/kici-dev/kici-go/kici/author"
)

// scaffold writes the files of init.
type scaffold struct {
	app    *app
	o      initOptions
	branch string
	ext    string
}

func (s scaffold) write(chosen []string) error {
	files := map[string]string{}
	for _, name := range chosen {
		files[".kici/workflows/"+name+"."+s.ext] = s.template(name + ".src")
	}
	files[".kici/tests/push-test."+s.ext] = s.template("push-test.src")
	types := ""
	if !s.o.MJS {
		files[".kici/package.json"] = s.manifest()
		editor := author.Types()
		for name, text := range editor.Files {
			files[path.Join(".kici/types", name)] = text
		}
		types = path.Join(".kici", editor.Paths["@kici-dev/sdk"][0])
		files[".kici/tsconfig.json"] = tsconfig(editor)
	}
	if !s.o.NoAgents {
		files[".kici/AGENTS.md"] = strings.ReplaceAll(s.template("agents.md"), "{{types}}", firstOf(types, "kici help"))
	}
	if !s.app.Disk.Has(".kiciignore") {
		files[".kiciignore"] = "node_modules/\n.git/\ndist/\ncoverage/\n*.log\n"
	}
	s.registryExample(files)
	if err := s.writeAll(files); err != nil {
		return err
	}
	return s.gitignore()
}

func (s scaffold) writeAll(files map[string]string) error {
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		if err := s.app.Disk.Write(name, files[name], 0o644); err != nil {
			return err
		}
		fmt.Fprintf(s.app.Stdout, "  %s %s\n", s.app.style.Green("+"), name)
	}
	return nil
}

func (s scaffold) template(name string) string {
	text, err := templates.ReadFile("templates/" + name)
	if err != nil {
		panic(err) // an embedded file that is not there is a build that cannot exist
	}
	return strings.NewReplacer("{{branch}}", s.branch, "{{slug}}", strings.ReplaceAll(s.branch, "/", "-"), "{{identifier}}", fixtureName(s.branch), "{{ext}}", s.ext).Replace(string(text))
}

// fixtureName makes an identifier of any branch name: push plus its words.
func fixtureName(branch string) string {
	var b strings.Builder
	b.WriteString("push")
	up := true
	for _, r := range branch {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			up = true
			continue
		}
		if up {
			r = unicode.ToUpper(r)
		}
		up = false
		b.WriteRune(r)
	}
	return b.String()
}

func (s scaffold) manifest() string {
	version := "^" + cli.ThisBuild().Version
	if s.app.development() {
		version = ">=0.0.1-0"
	}
	return pretty(struct {
		Name    string            `json:"name"`
		Private bool              `json:"private"`
		Type    string            `json:"type"`
		Scripts map[string]string `json:"scripts"`
		Dev     map[string]string `json:"devDependencies"`
	}{
		"@kici-dev/workflows", true, "module",
		map[string]string{"compile": "cd .. && kici compile", "typecheck": "tsc --noEmit"},
		map[string]string{"@kici-dev/sdk": version},
	})
}

// tsconfig points the editor at the declarations beside it, so that an
// installed package is not needed.
func tsconfig(editor author.EditorTypes) string {
	return pretty(map[string]any{
		"compilerOptions": map[string]any{
			"target": "ES2024", "module": "NodeNext", "moduleResolution": "NodeNext",
			"lib": []string{"ES2024", "ESNext.Disposable"}, "types": []string{"node"}, "typeRoots": editor.TypeRoots,
			"strict": true, "noEmit": true, "resolveJsonModule": true, "allowImportingTsExtensions": true,
			"paths": editor.Paths,
		},
		"include": []string{"workflows/**/*.ts", "tests/**/*.ts", "types/*.d.ts"},
	})
}

func pretty(v any) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		panic(err) // literal values of this file
	}
	return b.String()
}

// registryExample adds the two example files of --private-registry; one that
// is there is the author's and stays.
func (s scaffold) registryExample(files map[string]string) {
	if s.o.Registry == "" {
		return
	}
	scope, npmrc := "", "registry="+s.o.Registry
	if s.o.RegistryScope != "" {
		scope = "\n      scope: '" + s.o.RegistryScope + "',"
		npmrc = s.o.RegistryScope + ":" + npmrc
	}
	_, variable, _ := strings.Cut(s.o.RegistrySecret, ":")
	host := strings.TrimPrefix(strings.TrimPrefix(s.o.Registry, "https:"), "http:")
	if !strings.HasSuffix(host, "/") {
		host += "/"
	}
	text := strings.NewReplacer("{{registry}}", s.o.Registry, "{{scope}}", scope, "{{secret}}", s.o.RegistrySecret).
		Replace(s.template("private-registry.src"))
	for name, content := range map[string]string{
		".kici/workflows/private-registry-example." + s.ext + ".example": text,
		".kici/.npmrc.example": npmrc + "\n" + host + ":_authToken=${" + variable + "}\n",
	} {
		if !s.app.Disk.Has(name) {
			files[name] = content
		}
	}
}

// gitignore keeps installed packages and secrets out of the repository.
func (s scaffold) gitignore() error {
	text, _, err := s.app.Disk.Read(".gitignore")
	if err != nil {
		return err
	}
	have := map[string]bool{}
	for _, line := range strings.Split(text, "\n") {
		have[strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(line), "/"), "/")] = true
	}
	if have[".kici"] || have[".kici/*"] {
		return nil
	}
	add := ""
	for _, want := range []string{".kici/node_modules/", ".kici/.secrets"} {
		if !have[strings.TrimSuffix(want, "/")] {
			add += want + "\n"
		}
	}
	if add == "" {
		return nil
	}
	return s.app.Disk.Write(".gitignore", terminated(text)+add, 0o644)
}
