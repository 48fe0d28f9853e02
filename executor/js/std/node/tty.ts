// tty: a step has no terminal.
export const isatty = (_fd?: number): boolean => false;
export class ReadStream { constructor() { throw new Error("tty.ReadStream is not available in the embedded runtime; set runtime: 'node' for this workflow"); } }
export class WriteStream { constructor() { throw new Error("tty.WriteStream is not available in the embedded runtime; set runtime: 'node' for this workflow"); } }
