// What the runtime provides under the name kici:host.
declare module 'kici:host' {
  /** Where the author's code stands; 0 is its innermost frame. The SDK's own frames do not count. */
  export function callSite(skip: number): { file: string; line: number; column: number } | undefined;
}
declare function require(name: string): any;
