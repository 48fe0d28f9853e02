// What the step engine offers under the name kici:engine (executor/step).
declare module 'kici:engine' {
  export function log(level: string, text: string): void;
  export function setEnv(key: string, value: string): void;
  export function addPath(dir: string): void;
  export function secretList(): { key: string }[];
  export function secretMeta(key: string): { value: string; backend: string; scope: string } | null;
  export function setSecretOutput(key: string, value: string): void;
  export function secretGet(key: string): Promise<string>;
  export function secretExpose(key: string, name?: string): Promise<void>;
  export function mountFile(options: unknown): Promise<{ path: string }>;
  export function exposeFile(envVar: string, options: unknown): Promise<{ path: string }>;
  export function emit(name: string, payload: unknown, options: unknown): Promise<{ deliveryId: string }>;
  export function cacheRestore(spec: unknown): Promise<{ hit: boolean; matchedKey?: string }>;
  export function cacheSave(spec: unknown): Promise<void>;
}
declare module 'kici:shell' {
  export function createShell(options?: object): any;
}
declare module '@kici-dev/sdk/internal';
declare const process: { env: Record<string, string | undefined> };
