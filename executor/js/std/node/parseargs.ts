// util.parseArgs.
const fail = (code: string, message: string): never => { throw Object.assign(new TypeError(message), { code }); };

export function parseArgs(config: any = {}): any {
  const { args = process.argv.slice(2), options = {}, strict = true, allowPositionals = !strict, tokens: wantTokens = false, allowNegative = false } = config;
  const values: any = Object.create(null), positionals: string[] = [], tokens: any[] = [];
  const short: Record<string, string> = {};
  for (const [name, o] of Object.entries<any>(options)) if (o.short) short[o.short] = name;
  const store = (name: string, raw: string, value: any, inline: boolean | undefined, index: number) => {
    const o = Object.hasOwn(options, name) ? options[name] : undefined;
    if (strict && !o) fail('ERR_PARSE_ARGS_UNKNOWN_OPTION', `Unknown option '${raw}'.${allowPositionals ? ` To specify a positional argument starting with a '-', place it at the end of the command after '--', as in '-- "${raw}"` : ''}`);
    const label = o?.short ? `-${o.short}, --${name}` : `--${name}`;
    if (strict && o.type === 'string' && typeof value !== 'string') fail('ERR_PARSE_ARGS_INVALID_OPTION_VALUE', `Option '${label} <value>' argument missing`);
    if (strict && o.type === 'boolean' && typeof value === 'string') fail('ERR_PARSE_ARGS_INVALID_OPTION_VALUE', `Option '${label}' does not take an argument`);
    tokens.push({ kind: 'option', name, rawName: raw, index, value: typeof value === 'string' ? value : undefined, inlineValue: typeof value === 'string' ? inline : undefined });
    if (o?.multiple) (values[name] ??= []).push(value);
    else values[name] = value;
  };
  for (let i = 0; i < args.length; i++) {
    const a: string = args[i], at = i;
    if (a === '--') {
      tokens.push({ kind: 'option-terminator', index: i });
      for (i++; i < args.length; i++) positional(args[i], i);
    } else if (/^--[^]/.test(a)) {
      const eq = a.indexOf('=', 3);
      let name = eq < 0 ? a.slice(2) : a.slice(2, eq), v: any = eq < 0 ? undefined : a.slice(eq + 1);
      const inline = eq >= 0;
      if (allowNegative && name.startsWith('no-') && options[name.slice(3)]?.type === 'boolean' && !inline) { store(name.slice(3), a, false, undefined, at); continue; }
      if (!inline) v = options[name]?.type === 'string' ? take(() => i, () => ++i) : true;
      store(name, inline ? '--' + name : a, v, inline, at);
    } else if (/^-[^-]/.test(a)) {
      for (let j = 1; j < a.length; j++) {
        const name = short[a[j]] ?? a[j];
        if (options[name]?.type === 'string') {
          const rest = a.slice(j + 1);
          store(name, '-' + a[j], rest !== '' ? rest : take(() => i, () => ++i), rest !== '', at);
          break;
        }
        store(name, '-' + a[j], true, undefined, at);
      }
    } else positional(a, i);
  }
  function take(now: () => number, advance: () => number): any {
    const next = args[now() + 1];
    if (next === undefined || (strict && /^-./.test(next))) return undefined;
    return args[advance()];
  }
  function positional(v: string, index: number) {
    if (!allowPositionals) fail('ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL', `Unexpected argument '${v}'. This command does not take positional arguments`);
    positionals.push(v);
    tokens.push({ kind: 'positional', index, value: v });
  }
  for (const [name, o] of Object.entries<any>(options)) if (values[name] === undefined && o.default !== undefined) values[name] = o.default;
  return wantTokens ? { values, positionals, tokens } : { values, positionals };
}
