// Prints the verdicts of picomatch 4 (default options) over a table of globs
// and values: node picomatch.mjs DIR-WITH-node_modules > picomatch.json
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
const picomatch = createRequire(resolve(process.argv[2], 'x.js'))('picomatch');
const values = ['main', 'dev', 'develop', 'feature', 'feature/', 'feature/a', 'feature/a/b', 'feature/.a', 'feature/.a/b', 'feature-1',
  'release/1.0', 'release-1.2', 'v1', 'v1/', 'v1.2.3', 'v10', 'a', 'b', 'c', 'ab', 'aa', 'aaa', 'abc', 'a/b', 'a/b/c', 'a/c', 'a/x/c', 'a/x/y/c',
  'a/.b/c', 'a/b/', '.', '..', '.env', '.github/x.yml', '.github', '.github/w/x.yml', 'src', 'src/', 'src/.env', 'src/a.ts', 'src/a/b.ts', 'src/a.test.ts',
  'src/index.js', 'a.ts', 'a.d.ts', 'a.js', 'a.tsx', 'lib/a.d.ts', 'x.yml', 'docs/x.yml', 'docs/.x.yml', 'README.md', 'docs/README.md', 'a+b', '(x)', 'x',
  'line1\nline2', 'main\n', 'x/deploy', 'x\n/deploy', './main', 'Main', 'MAIN', '!main', 'owner/repo', 'owner/.github', 'acme/app', 'acme/app/sub',
  'a-b', 'a_b', '1', '2', '3', '5', '12', 'file1', 'file2', 'file12', 'filea', '[abc]', 'a|b', 'a,b', '{a}', '{a,b}', '$x', '^x', 'a b', 'é', '日本', '/', '//', '/a', 'a//b', 'a\\b',
  'packages/api/src/x.ts', 'packages/api/package.json', 'packages/web/src/y.css', 'foo', 'foobar', 'bar', 'foo.bar', 'foo/bar/baz', 'fo', 'foooo', 'dependabot/npm/x', 'renovate/x', 'hotfix/1', 'b/a', '@x', '#1'];
const globs = ['main', 'feature/*', 'feature/**', 'feature/**/*', 'feature-*', 'feature*', '*', '**', '**/*', '*/*', '*/**', '**/**', '***', '**/**/**', '*/*/*', '**/*/**',
  'a**', '**a', 'a/**/c', 'a/**/**/c', '**/c', '**/b/**', '/**', '/*', 'a/**/', 'a/*/c', 'a/**/*', '**/a/**', '.*', '.*/**', '**/.*', '*.*', '**/*.*', '.github/**', '.github/*', '**/.github/**', './main', './**', './*',
  '**/*.yml', '*.yml', '*.ts', '**/*.ts', 'src/**', 'src/*', 'src/**/*.ts', 'src/**/*.{ts,js}', '**/*.{ts,tsx}', '*.{ts,js}', '{src,docs}/**', '{main,dev}', '{main,dev}*', 'release/**', 'release{/,-}*', '{a,b}/c', '{a,{b,c}}', '{a}', '{a,}', '{,a}b', '{1..3}', 'file{1..3}', 'file{a..c}', 'file{1..12}',
  'v*', 'v?', 'v[0-9]', 'v[0-9]*', 'v[0-9].[0-9].[0-9]', 'v*.*.*', '[abc]', '[a-c]', '[!a]', '[^a]', '[^a]*', 'a[bc]', 'a/[bc]', '[[:alpha:]]', '[[:digit:]]*', '[[:alpha:][:digit:]]*', '[a-c]/[a-c]', '?', '??', '?/?', 'a?c', 'a/?', '?*', '*?', '.?*',
  '+(a)', '+(a|b)', '*(a|b)', '?(a)b', '@(a|b)', '@(a|b)/c', '!(main)', '!(main|dev)', '!(a)*', 'feature/!(a)', 'src/!(*.test).ts', '!(*.d).ts', '**/!(*.d).ts', '**/!(*.test).ts', 'foo?(bar)', 'foo*(o)', 'f+(o)', '!(foo)', '!(foo)*', '!(foo)/**', '@(foo|bar)', 'a/@(b|c)', 'a/+(b|c)', '!(feature/**)', '@(src|docs)/**', 'feature/@(a|b)/**', '!(**/b)', '!(a/**)',
  '!main', '!!main', '!feature/**', '!**', '!*', '!{a,b}', '!.github/**', '!*.ts', '!a/b',
  '(x)', '(a|b)', 'a+b', 'a|b', '(a)+', 'a,b', '$x', '^x', 'a b', '(a', 'a)', 'a(', '[a', 'a]', 'a}', '"main"', '"*"', 'a"b"', '\\*', 'a\\*', '\\!main', '\\{a\\}', 'a\\\\b', '\\d', '[\\d]', 'a\\/b', '@x', '#*', '日*', 'é', '?本', '*.md', '**/*.md', '**.md', '**.ts', '*.d.ts', '**/*.d.ts', 'README*', '**/README.md', 'docs/**/*.md', 'packages/*/src/**', 'packages/*/package.json', 'packages/{api,web}/**', 'packages/**/x.ts', 'packages/**/src/*.ts', 'dependabot/**', '{dependabot,renovate}/**', '*/deploy', '**/deploy', 'line1*', 'acme/*', 'acme/**', 'owner/*', '*/repo', 'hotfix/[0-9]', 'hotfix/*', 'foo/**/baz', 'foo/*/baz', '**/bar/**', 'foo/bar/**', 'foo**', 'foo**bar', 'foo*bar', 'foo.*', '*o*', 'a/{b,c}/**', 'a/{b/c,x/c}', '{a/**,b/*}', '{**/c,x}', '{*,a}', '{*.ts,x}', '{.*,x}', 'a//b', '//', '*//b', '**/', 'src/**/', '*/', '**/*/', 'a/', '.', '..', '../*', './..', 'a/..', 'a/.*', 'a/.*/**', 'src/.*', '**/.env', '**/.*/**', '**/{a,b}', '**/[a-c]', '**/?', '**/@(a|b)', '**/!(a)', '**/*a*', 'a*/**', '*a/**', 'a/*b', 'a/b*', 'a/b*/**', '*-*', '*_*', '*[0-9]', '[0-9]*', '**/*[0-9]*'];
const rows = [];
for (const glob of globs) {
  const m = picomatch(glob);
  rows.push({ glob, match: values.filter((v) => m(v)) });
}
process.stdout.write(JSON.stringify({ values, rows }, null, 1) + '\n');
