// Questions to the engine, and what tells one piece of the author's code from
// another: every asynchronous flow belongs to the call that began it. When the
// engine gives a call up (its time is over, the job is cancelled), what is left
// of its flow can no longer reach anything: it may spin on, unheard.

import { env } from './env';
import { number4, readFrame, send, sendRaw } from './wire';

const { AsyncLocalStorage } = require('async_hooks');

export interface Flow {
  id: number;
  abandoned: boolean;
}

export const flows = new AsyncLocalStorage();
export const live = new Map<number, Flow>();

const waiting = new Map<number, { resolve: (v: any) => void; reject: (e: any) => void }>();
let last = 0;
let held = 0;
let keep: (busy: boolean) => void = () => {};

/** The event loop must stay alive while the engine owes us something, or while it has asked nothing. */
export function onBusy(set: (busy: boolean) => void): void {
  keep = set;
  update();
}

export function update(): void {
  keep(held > 0 || live.size === 0);
}

export function hold(): () => void {
  held++;
  update();
  let open = true;
  return () => {
    if (!open) return;
    open = false;
    held--;
    update();
  };
}

class Abandoned extends Error {
  override name = 'AbortError';
  code = 'ABORT_ERR';
}

/** The number of the present call; throws in code that nobody waits for any more. */
function flow(): number {
  const f: Flow | undefined = flows.getStore();
  if (f?.abandoned) throw new Abandoned('the step is over');
  return f?.id ?? 0;
}

export const abandoned = (): boolean => flows.getStore()?.abandoned === true;

/** Makes an Error of what the engine reports. */
export function failure(e: any): Error {
  const { message, name, ...facts } = e;
  const err = new Error(message);
  if (name && name !== 'Error') Object.defineProperty(err, 'name', { value: name, writable: true, configurable: true });
  return Object.assign(err, facts);
}

/** Asks and waits, with everything else at a standstill. Buffers come back as bytes. */
export function ask(name: string, args: unknown[]): any {
  send({ t: 'sync', c: flow(), name, args, env: env.taken() });
  const { kind, body } = readFrame(5);
  if (kind === 'R') return body;
  const m = JSON.parse(body);
  env.apply(m.env);
  if (m.e) throw failure(m.e);
  return m.v;
}

/** Tells, without an answer. */
export function tell(name: string, args: unknown[]): void {
  send({ t: 'tell', c: flow(), name, args, env: env.taken() });
}

/** Asks; the promise settles when the answer comes. */
export function request(name: string, args: unknown[]): Promise<any> {
  return expect((id) => send({ t: 'call', id, c: flow(), name, args, env: env.taken() }));
}

/** Bytes for a command's input; they do not travel as JSON. */
export function feed(command: number, data: any): Promise<any> {
  return expect((id) => sendRaw('W', number4(id), number4(command), data));
}

function expect(ship: (id: number) => void): Promise<any> {
  const id = ++last;
  return new Promise((resolve, reject) => {
    ship(id);
    const release = hold();
    const over = (f: (v: any) => void) => (v: any) => {
      release();
      f(v);
    };
    waiting.set(id, { resolve: over(resolve), reject: over(reject) });
  });
}

export function reply(id: number, m: any, bytes?: any): void {
  const w = waiting.get(id);
  if (!w) return;
  waiting.delete(id);
  if (bytes !== undefined) w.resolve(bytes);
  else if (m.e) w.reject(failure(m.e));
  else w.resolve(m.v);
}
