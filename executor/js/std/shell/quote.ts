// Quoting for bash. A value becomes exactly one word, whatever bytes it holds.

const plain = /^[\w/.\-@:=]+$/;

/** Quotes one value as bash reads it. */
export function quote(arg: string): string {
  if (arg === '') return `$''`;
  if (plain.test(arg)) return arg;
  return (
    `$'` +
    arg
      .replace(/\\/g, '\\\\')
      .replace(/'/g, "\\'")
      .replace(/\f/g, '\\f')
      .replace(/\n/g, '\\n')
      .replace(/\r/g, '\\r')
      .replace(/\t/g, '\\t')
      .replace(/\v/g, '\\v')
      .replace(/\0/g, '\\0') +
    `'`
  );
}

/** Quotes for PowerShell, where a single quote is doubled. */
export function quotePowerShell(arg: string): string {
  if (arg === '') return `''`;
  if (/^[\w/.\-]+$/.test(arg)) return arg;
  return `'` + arg.replace(/'/g, "''") + `'`;
}

function substitute(arg: any): string {
  // The output of a command stands for its text without the last line break.
  if (arg !== null && typeof arg === 'object' && typeof arg.stdout === 'string') return arg.stdout.replace(/\r?\n$/, '');
  return String(arg);
}

export type Quote = (arg: string) => string;

/** Builds the command text of a template whose values are all settled. */
export function build(q: Quote, pieces: readonly string[], args: readonly unknown[]): string {
  let cmd = pieces[0];
  for (let i = 0; i < args.length; i++) {
    const a = args[i];
    cmd += Array.isArray(a) ? a.map((x) => q(substitute(x))).join(' ') : q(substitute(a));
    cmd += pieces[i + 1];
  }
  return cmd;
}
