/** Puts functions that say what is missing where Node has working ones. */
export function absent(target: any, module: string, names: string[]): void {
  for (const name of names) {
    Object.defineProperty(target, name, {
      configurable: true,
      enumerable: false,
      writable: true,
      value: () => {
        throw Object.assign(new Error(`${module}.${name} is not available in the embedded runtime; set runtime: 'node' for this workflow`), {
          code: 'ERR_KICI_NEEDS_NODE',
        });
      },
    });
  }
}
