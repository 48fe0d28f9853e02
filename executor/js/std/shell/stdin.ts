import type { Handle } from '../child/child';

type Listener = (...args: any[]) => void;

/** The input of a command: a Writable that can also be called with the whole
 * text, which then ends it: $`tee f`.stdin(text). */
export interface ShellStdin {
  (text: string | Uint8Array): any;
  write(chunk: any, encoding?: any, cb?: any): boolean;
  end(chunk?: any, encoding?: any, cb?: any): ShellStdin;
  on(event: string, fn: Listener): ShellStdin;
  once(event: string, fn: Listener): ShellStdin;
  off(event: string, fn: Listener): ShellStdin;
  removeListener(event: string, fn: Listener): ShellStdin;
  emit(event: string, ...args: any[]): boolean;
  destroy(): ShellStdin;
  writable: boolean;
  writableEnded: boolean;
}

/** started resolves to the handle once the command runs; over says that the
 * input has ended already. */
export function createStdin(started: Promise<Handle>, owner: any, over: boolean): ShellStdin {
  const listeners: Record<string, Listener[]> = {};
  let tail: Promise<any> = started;
  const s: any = (text: string | Uint8Array) => { s.end(text); return owner; };
  const next = (op: (h: Handle) => Promise<string | undefined>, cb: any) => {
    tail = tail
      .then(() => started)
      .then(op)
      .then((code) => {
        const err = code ? Object.assign(new Error('write ' + code), { code, errno: -32, syscall: 'write' }) : null;
        cb?.(err);
        // As in a shell, a command that does not read its input is no failure;
        // who wants to know listens.
        if (err) s.emit('error', err);
      }, () => undefined);
    return tail;
  };
  const toBytes = (chunk: any, encoding?: any) =>
    typeof chunk === 'string' && encoding && !/^utf-?8$/i.test(encoding) ? require('buffer').Buffer.from(chunk, encoding) : chunk;
  s.writable = !over;
  s.writableEnded = over;
  s.write = (chunk: any, encoding?: any, cb?: any) => {
    if (typeof encoding === 'function') [cb, encoding] = [encoding, undefined];
    if (s.writableEnded) {
      const err = Object.assign(new Error('write after end'), { code: 'ERR_STREAM_WRITE_AFTER_END' });
      cb?.(err);
      if (!s.emit('error', err) && !cb) throw err;
      return false;
    }
    next((h) => h.write(toBytes(chunk, encoding)), cb).then(() => s.emit('drain'));
    return true;
  };
  s.end = (chunk?: any, encoding?: any, cb?: any) => {
    if (typeof chunk === 'function') [cb, chunk] = [chunk, undefined];
    if (typeof encoding === 'function') [cb, encoding] = [encoding, undefined];
    if (s.writableEnded) return s;
    if (chunk !== undefined && chunk !== null) s.write(chunk, encoding);
    s.writableEnded = true;
    s.writable = false;
    next((h) => h.end(), cb).then(() => { s.emit('finish'); s.emit('close'); });
    return s;
  };
  s.destroy = () => s.end();
  s.on = s.addListener = (e: string, fn: Listener) => { (listeners[e] ??= []).push(fn); return s; };
  s.once = (e: string, fn: Listener) => {
    const one: any = (...a: any[]) => { s.off(e, one); fn(...a); };
    one.listener = fn;
    return s.on(e, one);
  };
  s.off = s.removeListener = (e: string, fn: any) => {
    listeners[e] = (listeners[e] ?? []).filter((x: any) => x !== fn && x.listener !== fn);
    return s;
  };
  s.emit = (e: string, ...a: any[]) => {
    const ls = (listeners[e] ?? []).slice();
    for (const fn of ls) fn.apply(s, a);
    return ls.length > 0;
  };
  return s;
}
