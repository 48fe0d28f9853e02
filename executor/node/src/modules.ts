// What the author's code and ours may import: the house's modules, whose text
// the engine sends when it is first wanted, then Node's own and packages.

import { ask, request } from './rpc';
import { primitives } from './child';
import { framesOf } from './stack';

const vm = require('vm');
const Module = require('module');
const { createRequire, isBuiltin } = Module;
const { pathToFileURL } = require('url');

declare const __native: { import(name: string): Promise<any> };

export interface Setup {
  modules: string[];
  sync: string[];
  async: string[];
  dir: string;
}

let setup: Setup;
const loaded = new Map<string, { exports: any }>();

export function configure(s: Setup): void {
  setup = s;
  shareSDK();
  loaded.set('kici:host', { exports: { runtime: 'node', callSite } });
  const engine: any = {};
  for (const name of s.sync) engine[name] = (...args: unknown[]) => ask('engine.' + name, args);
  for (const name of s.async) engine[name] = (...args: unknown[]) => request('engine.' + name, args);
  loaded.set('kici:engine', { exports: engine });
}

function callSite(skip = 0): unknown {
  const f = framesOf(new Error())[skip];
  return f && { file: f.file, line: f.line, column: f.column };
}

function own(name: string): any {
  const have = loaded.get(name);
  if (have) return have.exports;
  const module = { exports: {} as any };
  loaded.set(name, module);
  try {
    const body = ask('source', [name]).toString();
    const run = vm.runInThisContext('(function (require, module, exports, __native) {' + body + '\n})', { filename: name.startsWith('kici:') ? name : 'kici:' + name });
    run(requireOwn, module, module.exports, name === 'kici:shell' ? primitives(setup.dir) : undefined);
  } catch (e) {
    loaded.delete(name);
    throw e;
  }
  return module.exports;
}

const isOwn = (name: string) => name.startsWith('kici:') || setup.modules.includes(name);

export const requireOwn = (name: string): any => (isOwn(name) ? own(name) : require(name));

/** The require of one workflow file. */
export function requireFor(file: string): (name: string) => any {
  const outside = createRequire(file);
  return Object.assign((name: string) => (isOwn(name) ? own(name) : outside(name)), { resolve: outside.resolve, cache: outside.cache, main: undefined });
}

/** A package outside of the bundle that imports the SDK means this one. */
function shareSDK(): void {
  const load = Module._load;
  Module._load = function (name: string, ...rest: unknown[]) {
    return name.startsWith('@kici-dev/sdk') && setup.modules.includes(name) ? own(name) : load.call(this, name, ...rest);
  };
}

/** The import() of one workflow file. */
export function importFor(file: string): (name: string) => Promise<any> {
  const outside = createRequire(file);
  return async (name) => {
    if (isOwn(name)) return own(name);
    if (/^\.{0,2}\//.test(name)) return __native.import(new URL(name, pathToFileURL(file)).href);
    if (/^[a-z]+:/.test(name) || isBuiltin(name)) return __native.import(name);
    return __native.import(pathToFileURL(outside.resolve(name)).href);
  };
}
