// The primitives of kici:shell (std/child/child.d.ts) over the engine: it
// starts the commands, reads their output and ends them, as it does for the
// embedded runtime. Node only holds their numbers.

import type { Exit, Handle, Primitives, Spec, Stream } from '../../js/std/child/child';
import { ask, feed, hold, request, tell } from './rpc';
import { framesOf } from './stack';
import { sendRaw } from './wire';

const ends = new Map<number, (exit: Exit) => void>();

/** The engine says that a command is over. */
export function ended(id: number, exit: Exit): void {
  const f = ends.get(id);
  ends.delete(id);
  f?.(exit);
}

// What the engine keeps of a command goes when nobody can read it any more.
const dropped = new FinalizationRegistry<number>((id) => {
  try { tell('child.drop', [id]); } catch {}
});

const bytes = (b: any): ArrayBuffer => b.buffer.slice(b.byteOffset, b.byteOffset + b.byteLength);

const asBuffer = (data: any): any =>
  typeof data === 'string' ? Buffer.from(data) : data instanceof ArrayBuffer ? Buffer.from(data) : Buffer.from(data.buffer, data.byteOffset, data.byteLength);

function handle(id: number, pid: number): Handle {
  const h: any = {
    pid,
    open: (out: boolean, err: boolean) => tell('child.open', [id, !!out, !!err]),
    write: (data: any) => feed(id, asBuffer(data)),
    end: () => request('child.end', [id]),
    idle: () => tell('child.idle', [id]),
    takeInput: () => ask('child.takeInput', [id]),
    kill: (signal: string) => ask('child.kill', [id, String(signal)]),
    text: (s: Stream) => ask('child.text', [id, s]).toString(),
    bytes: (s: Stream) => bytes(ask('child.text', [id, s])),
    lost: (s: Stream) => ask('child.lost', [id, s]),
    follow: (s: Stream) => {
      const f = ask('child.follow', [id, s]);
      return {
        next: async () => {
          const b = await request('child.next', [f]);
          return b === undefined || b === null ? undefined : bytes(b);
        },
        close: () => { try { tell('child.unfollow', [f]); } catch {} },
      };
    },
    pipe: (to: any) => { ask('child.pipe', [id, to.id]); },
    pipeFile: (s: Stream, path: string) => request('child.pipeFile', [id, s, path]),
    stop: () => tell('child.stop', [id]),
  };
  Object.defineProperty(h, 'id', { value: id });
  dropped.register(h, id);
  return h;
}

const text = (v: unknown) => (v === undefined || v === null ? null : String(v));

function wire(spec: Spec): any {
  const env = spec.env && Object.fromEntries(Object.entries(spec.env).map(([k, v]) => [k, text(v)]));
  return { ...spec, env };
}

export function primitives(dir: string): Primitives {
  return {
    dir,
    spawn(spec, onEnd) {
      const { id, pid } = ask('child.spawn', [wire(spec)]);
      const release = hold();
      ends.set(id, (exit) => { release(); onEnd(exit); });
      return handle(id, pid);
    },
    spawnSync(spec, o) {
      const input = o.input === undefined || o.input === null ? undefined : asBuffer(o.input).toString('base64');
      const { id, pid, exit } = ask('child.spawnSync', [wire(spec), { ...o, input }]);
      const h = handle(id, pid);
      h.exit = exit;
      return h;
    },
    site: (error) => framesOf(error)[0],
    print: (stream, t) => sendRaw('O', Buffer.from([stream]), Buffer.from(t)),
  };
}
