// The built-in modules, under both of their names.

declare module 'fs' {
  interface Stats {
    isFile(): boolean;
    isDirectory(): boolean;
    isSymbolicLink(): boolean;
    size: number;
    mode: number;
    mtime: Date;
    mtimeMs: number;
  }
  interface Dirent {
    name: string;
    parentPath: string;
    isFile(): boolean;
    isDirectory(): boolean;
    isSymbolicLink(): boolean;
  }
  type PathLike = string | URL | Buffer;
  type Encoding = BufferEncoding | { encoding: BufferEncoding; flag?: string };
  type WriteOptions = BufferEncoding | { encoding?: BufferEncoding; mode?: number; flag?: string };
  function readFileSync(path: PathLike, options: Encoding): string;
  function readFileSync(path: PathLike, options?: { flag?: string } | null): Buffer;
  function writeFileSync(path: PathLike, data: string | Uint8Array, options?: WriteOptions): void;
  function appendFileSync(path: PathLike, data: string | Uint8Array, options?: WriteOptions): void;
  function existsSync(path: PathLike): boolean;
  function accessSync(path: PathLike, mode?: number): void;
  function mkdirSync(path: PathLike, options?: { recursive?: boolean; mode?: number }): string | undefined;
  function mkdtempSync(prefix: string): string;
  function readdirSync(path: PathLike, options: { withFileTypes: true; recursive?: boolean }): Dirent[];
  function readdirSync(path: PathLike, options?: { recursive?: boolean } | BufferEncoding): string[];
  function rmSync(path: PathLike, options?: { recursive?: boolean; force?: boolean }): void;
  function rmdirSync(path: PathLike): void;
  function unlinkSync(path: PathLike): void;
  function renameSync(from: PathLike, to: PathLike): void;
  function copyFileSync(from: PathLike, to: PathLike, mode?: number): void;
  function cpSync(from: PathLike, to: PathLike, options?: { recursive?: boolean; force?: boolean }): void;
  function statSync(path: PathLike): Stats;
  function lstatSync(path: PathLike): Stats;
  function chmodSync(path: PathLike, mode: number): void;
  function symlinkSync(target: PathLike, path: PathLike, type?: string): void;
  function readlinkSync(path: PathLike): string;
  function realpathSync(path: PathLike): string;
  function createReadStream(path: PathLike, options?: any): NodeJS.ReadableStream;
  function createWriteStream(path: PathLike, options?: any): NodeJS.WritableStream;
  const constants: Record<string, number>;
  const promises: typeof import('fs/promises');
}
declare module 'fs/promises' {
  import type { Dirent, Encoding, PathLike, Stats, WriteOptions } from 'fs';
  function readFile(path: PathLike, options: Encoding): Promise<string>;
  function readFile(path: PathLike, options?: { flag?: string } | null): Promise<Buffer>;
  function writeFile(path: PathLike, data: string | Uint8Array, options?: WriteOptions): Promise<void>;
  function appendFile(path: PathLike, data: string | Uint8Array, options?: WriteOptions): Promise<void>;
  function access(path: PathLike, mode?: number): Promise<void>;
  function mkdir(path: PathLike, options?: { recursive?: boolean; mode?: number }): Promise<string | undefined>;
  function mkdtemp(prefix: string): Promise<string>;
  function readdir(path: PathLike, options: { withFileTypes: true; recursive?: boolean }): Promise<Dirent[]>;
  function readdir(path: PathLike, options?: { recursive?: boolean } | BufferEncoding): Promise<string[]>;
  function rm(path: PathLike, options?: { recursive?: boolean; force?: boolean }): Promise<void>;
  function rmdir(path: PathLike): Promise<void>;
  function unlink(path: PathLike): Promise<void>;
  function rename(from: PathLike, to: PathLike): Promise<void>;
  function copyFile(from: PathLike, to: PathLike, mode?: number): Promise<void>;
  function cp(from: PathLike, to: PathLike, options?: { recursive?: boolean; force?: boolean }): Promise<void>;
  function stat(path: PathLike): Promise<Stats>;
  function lstat(path: PathLike): Promise<Stats>;
  function chmod(path: PathLike, mode: number): Promise<void>;
  function symlink(target: PathLike, path: PathLike, type?: string): Promise<void>;
  function readlink(path: PathLike): Promise<string>;
  function realpath(path: PathLike): Promise<string>;
}
declare module 'path' {
  interface ParsedPath {
    root: string;
    dir: string;
    base: string;
    ext: string;
    name: string;
  }
  function join(...parts: string[]): string;
  function resolve(...parts: string[]): string;
  function relative(from: string, to: string): string;
  function dirname(path: string): string;
  function basename(path: string, suffix?: string): string;
  function extname(path: string): string;
  function normalize(path: string): string;
  function isAbsolute(path: string): boolean;
  function parse(path: string): ParsedPath;
  function format(path: Partial<ParsedPath>): string;
  const sep: string;
  const delimiter: string;
}
declare module 'os' {
  function platform(): NodeJS.Platform;
  function arch(): string;
  function cpus(): { model: string; speed: number }[];
  function availableParallelism(): number;
  function tmpdir(): string;
  function homedir(): string;
  function hostname(): string;
  function release(): string;
  function type(): string;
  function totalmem(): number;
  function freemem(): number;
  function uptime(): number;
  function userInfo(): { username: string; uid: number; gid: number; homedir: string; shell: string | null };
  const EOL: string;
}
declare module 'crypto' {
  interface Hash {
    update(data: string | Uint8Array, encoding?: BufferEncoding): this;
    digest(encoding: BufferEncoding): string;
    digest(): Buffer;
  }
  function createHash(algorithm: string): Hash;
  function createHmac(algorithm: string, key: string | Uint8Array): Hash;
  function randomUUID(): string;
  function randomBytes(size: number): Buffer;
  function randomInt(max: number): number;
  function randomInt(min: number, max: number): number;
  function timingSafeEqual(a: Uint8Array, b: Uint8Array): boolean;
}
declare module 'child_process' {
  interface ExecOptions {
    cwd?: string;
    env?: NodeJS.ProcessEnv;
    encoding?: BufferEncoding | 'buffer';
    input?: string | Uint8Array;
    stdio?: any;
    shell?: boolean | string;
    timeout?: number;
    maxBuffer?: number;
  }
  interface ChildProcess {
    pid?: number;
    stdin: NodeJS.WritableStream | null;
    stdout: NodeJS.ReadableStream | null;
    stderr: NodeJS.ReadableStream | null;
    exitCode: number | null;
    kill(signal?: string | number): boolean;
    on(event: string, listener: (...args: any[]) => void): this;
    once(event: string, listener: (...args: any[]) => void): this;
  }
  type Callback = (error: Error | null, stdout: string, stderr: string) => void;
  function spawn(command: string, args?: readonly string[], options?: ExecOptions): ChildProcess;
  function exec(command: string, callback?: Callback): ChildProcess;
  function exec(command: string, options: ExecOptions, callback?: Callback): ChildProcess;
  function execFile(file: string, args?: readonly string[], callback?: Callback): ChildProcess;
  function execFile(file: string, args: readonly string[], options: ExecOptions, callback?: Callback): ChildProcess;
  function execSync(command: string, options: ExecOptions & { encoding: BufferEncoding }): string;
  function execSync(command: string, options?: ExecOptions): Buffer;
  function execFileSync(file: string, args: readonly string[], options: ExecOptions & { encoding: BufferEncoding }): string;
  function execFileSync(file: string, args?: readonly string[], options?: ExecOptions): Buffer;
  function spawnSync(command: string, args?: readonly string[], options?: ExecOptions): any;
}
declare module 'url' {
  function fileURLToPath(url: string | URL): string;
  function pathToFileURL(path: string): URL;
  const URL: URLConstructor;
  const URLSearchParams: URLSearchParamsConstructor;
}
declare module 'util' {
  function promisify(fn: (...args: any[]) => any): (...args: any[]) => Promise<any>;
  function inspect(value: unknown, options?: any): string;
  function format(text: unknown, ...args: unknown[]): string;
  function isDeepStrictEqual(a: unknown, b: unknown): boolean;
  function stripVTControlCharacters(text: string): string;
  function parseArgs(config?: any): { values: Record<string, any>; positionals: string[] };
}
declare module 'events' {
  class EventEmitter {
    on(event: string | symbol, listener: (...args: any[]) => void): this;
    once(event: string | symbol, listener: (...args: any[]) => void): this;
    off(event: string | symbol, listener: (...args: any[]) => void): this;
    emit(event: string | symbol, ...args: any[]): boolean;
    removeAllListeners(event?: string | symbol): this;
    listenerCount(event: string | symbol): number;
  }
  function once(emitter: any, event: string | symbol): Promise<any[]>;
}
declare module 'buffer' {
  const Buffer: BufferConstructor;
}
declare module 'timers/promises' {
  function setTimeout<T = void>(ms?: number, value?: T, options?: { signal?: AbortSignal }): Promise<T>;
  function setImmediate<T = void>(value?: T): Promise<T>;
}
declare module 'process' {
  const process: NodeJS.Process;
  export = process;
}
declare module 'stream' {
  class Readable {
    static from(source: Iterable<any> | AsyncIterable<any>): NodeJS.ReadableStream;
  }
}
declare module 'assert' {
  function assert(value: unknown, message?: string | Error): asserts value;
  namespace assert {
    function ok(value: unknown, message?: string | Error): asserts value;
    function equal(actual: unknown, expected: unknown, message?: string | Error): void;
    function strictEqual<T>(actual: unknown, expected: T, message?: string | Error): asserts actual is T;
    function notStrictEqual(actual: unknown, expected: unknown, message?: string | Error): void;
    function deepEqual(actual: unknown, expected: unknown, message?: string | Error): void;
    function deepStrictEqual<T>(actual: unknown, expected: T, message?: string | Error): asserts actual is T;
    function throws(fn: () => unknown, expected?: any, message?: string | Error): void;
    function rejects(fn: (() => Promise<unknown>) | Promise<unknown>, expected?: any): Promise<void>;
    function match(text: string, pattern: RegExp, message?: string | Error): void;
    function fail(message?: string | Error): never;
    const strict: typeof assert;
  }
  export = assert;
}

declare module 'node:fs' {
  export * from 'fs';
  import whole = require('fs');
  export default whole;
}
declare module 'node:fs/promises' {
  export * from 'fs/promises';
  import whole = require('fs/promises');
  export default whole;
}
declare module 'node:path' {
  export * from 'path';
  import whole = require('path');
  export default whole;
}
declare module 'node:os' {
  export * from 'os';
  import whole = require('os');
  export default whole;
}
declare module 'node:crypto' {
  export * from 'crypto';
  import whole = require('crypto');
  export default whole;
}
declare module 'node:child_process' {
  export * from 'child_process';
  import whole = require('child_process');
  export default whole;
}
declare module 'node:url' {
  export * from 'url';
  import whole = require('url');
  export default whole;
}
declare module 'node:util' {
  export * from 'util';
  import whole = require('util');
  export default whole;
}
declare module 'node:events' {
  export * from 'events';
}
declare module 'node:buffer' {
  export * from 'buffer';
  import whole = require('buffer');
  export default whole;
}
declare module 'node:timers/promises' {
  export * from 'timers/promises';
}
declare module 'node:stream' {
  export * from 'stream';
}
declare module 'node:process' {
  import whole = require('process');
  export = whole;
}
declare module 'node:assert' {
  import whole = require('assert');
  export = whole;
}
