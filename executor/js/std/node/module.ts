// module: which built-ins there are. Loading files at run time needs Node:
declare const module: { exports: any };
// a workflow is bundled whole before it runs.
declare const __native: { names: string[] };
export const builtinModules: string[] = __native.names;
export const isBuiltin = (n: string): boolean => builtinModules.includes(String(n).replace(/^node:/, ''));
export function createRequire(_from: any): any {
  const r: any = (name: string) => {
    const bare = String(name).replace(/^node:/, '');
    if (builtinModules.includes(bare)) return require(bare);
    throw Object.assign(new Error(`module.createRequire: cannot load ${JSON.stringify(name)} while the workflow runs; import it statically, or set runtime: 'node' for this workflow`), { code: 'MODULE_NOT_FOUND' });
  };
  r.resolve = (name: string) => { throw Object.assign(new Error(`require.resolve(${JSON.stringify(name)}) is not available in the embedded runtime; set runtime: 'node' for this workflow`), { code: 'MODULE_NOT_FOUND' }); };
  return r;
}
import { absent } from './absent';
absent(module.exports, 'module', ['register', 'syncBuiltinESMExports', 'findSourceMap']);
