// What the runtime provides under the name kici:host.
declare module 'kici:host' {
  /** The author's position of a caller; 0 is the function that calls callSite. */
  export function callSite(skip: number): { file: string; line: number; column: number } | undefined;
}
declare function require(name: string): any;
