// Stacks in the author's positions. The bundle's source map is read when the
// first stack is, by Node's own reader.

export interface Frame {
  function: string;
  file: string;
  line: number;
  column: number;
}

const { SourceMap } = require('module');

const maps = new Map<string, () => any>();
const frames = new WeakMap<object, Frame[]>();

/** Positions in this script are those of the files in its map. */
export function mapped(file: string, json: () => string): void {
  let map: any;
  maps.set(file, () => (map ??= new SourceMap(JSON.parse(json()))));
}

function place(site: NodeJS.CallSite): Frame | undefined {
  const file = site.getFileName() ?? '';
  if (file === '' || file.startsWith('kici:') || file.startsWith('node:') || file.startsWith('evalmachine')) return undefined;
  let name = site.getFunctionName() ?? '';
  const type = site.getTypeName();
  if (name !== '' && type !== null && type !== 'Object' && site.isToplevel() === false && !name.startsWith(type + '.')) name = type + '.' + name;
  if (site.isConstructor()) name = 'new ' + name;
  const at = { function: name, file, line: site.getLineNumber() ?? 0, column: site.getColumnNumber() ?? 0 };
  const map = maps.get(file);
  if (map === undefined) return at;
  const entry = map().findEntry(at.line - 1, at.column - 1);
  if (entry.originalSource === undefined) return undefined; // the bundler's own helpers
  return { ...at, file: entry.originalSource, line: entry.originalLine + 1, column: entry.originalColumn + 1 };
}

function head(error: any): string {
  try {
    return Error.prototype.toString.call(error);
  } catch {
    return 'Error';
  }
}

const show = (f: Frame) => {
  const at = `${f.file}:${f.line}:${f.column}`;
  return f.function === '' ? at : `${f.function} (${at})`;
};

export function install(): void {
  Error.stackTraceLimit = 50;
  Error.prepareStackTrace = (error, sites) => {
    const own = sites.map(place).filter((f) => f !== undefined) as Frame[];
    if (typeof error === 'object' && error !== null) frames.set(error, own);
    return [head(error), ...own.map((f) => '    at ' + show(f))].join('\n');
  };
}

/** Where an error was made, innermost first. */
export function framesOf(error: any): Frame[] {
  try {
    const text = error.stack; // formats it, and fills frames
    return frames.get(error) ?? parse(text);
  } catch {
    return [];
  }
}

/** For errors whose stack somebody wrote by hand. */
function parse(text: unknown): Frame[] {
  const out: Frame[] = [];
  if (typeof text !== 'string') return out;
  for (const line of text.split('\n')) {
    const m = /^\s+at (?:(.*?) \()?(.+?):(\d+):(\d+)\)?$/.exec(line);
    if (m && !/^(node|kici):/.test(m[2]!)) out.push({ function: m[1] ?? '', file: m[2]!, line: Number(m[3]), column: Number(m[4]) });
  }
  return out;
}

const most = 8;

/** An error as data, as executor/js has it. */
export function describe(error: any, depth = 0): any {
  if (!(error instanceof Error) && Object.prototype.toString.call(error) !== '[object Error]') return { message: thrownText(error) };
  const out: any = { name: read(error, 'name') || 'Error', message: read(error, 'message'), frames: framesOf(error) };
  const props: any = {};
  let size = 0;
  for (const key of Object.keys(error)) {
    if (['name', 'message', 'stack', 'cause', 'errors'].includes(key)) continue;
    try {
      const text = JSON.stringify(error[key]);
      if (text === undefined || (size += text.length) > 16 << 10) continue;
      props[key] = error[key];
    } catch {}
  }
  if (Object.keys(props).length > 0) out.props = props;
  if (depth >= most) return out;
  try {
    if (error.cause !== undefined) out.cause = describe(error.cause, depth + 1);
    if (Array.isArray(error.errors)) out.errors = error.errors.map((e: any) => describe(e, depth + 1));
  } catch {}
  return out;
}

function read(error: any, key: string): string {
  try {
    return String(error[key] ?? '');
  } catch {
    return '';
  }
}

function thrownText(v: any): string {
  try {
    if (typeof v === 'object' && v !== null) return JSON.stringify(v) ?? String(v);
    return String(v);
  } catch {
    return '[object]';
  }
}
