// The Node side of a job: it loads what the engine sends and calls what the
// engine asks for. There is no other program here, and nothing reads stdin.

import { env } from './env';
import { ended } from './child';
import { configure, importFor, requireFor, requireOwn, type Setup } from './modules';
import { abandoned, ask, flows, live, onBusy, reply, update, type Flow } from './rpc';
import { describe, install, mapped } from './stack';
import { takeOver } from './takeover';
import { readFrame, send, sendRaw, sendText, splitter } from './wire';

const vm = require('vm');
const net = require('net');

const setup: Setup = JSON.parse(readFrame(3).body);
const children = takeOver((stream, data) => { if (!abandoned()) sendRaw('O', Buffer.from([stream]), data); }, () => ask('settle', []));
env.install();
install();
configure(setup);

const namespaces = new Map<string, any>();

/** Runs a bundle; its namespace is known by its hash from then on. */
async function load({ hash, file }: { hash: string; file: string }): Promise<void> {
  if (namespaces.has(hash)) return;
  const code = ask('program', [hash, 'code']).toString();
  mapped(file, () => ask('program', [hash, 'map']).toString());
  const script = new vm.Script(code, { filename: file, importModuleDynamically: vm.constants?.USE_MAIN_CONTEXT_DEFAULT_LOADER ?? importFor(file) });
  namespaces.set(hash, await script.runInThisContext()(requireFor(file), importFor(file)));
}

function argument(a: any): any {
  return a !== null && typeof a === 'object' && typeof a.$namespace === 'string' ? namespaces.get(a.$namespace) : a;
}

interface Invocation {
  id: number;
  module?: string; // none: load a program
  method: string;
  args?: any[];
  mark: number;
}

const answers = new Map<number, (m: any) => void>();

function invoke(m: Invocation): void {
  const flow: Flow = { id: m.id, abandoned: false };
  live.set(m.id, flow);
  update();
  children.mark(m.mark);
  answers.set(m.id, (answer) => {
    if (!answers.has(m.id)) return;
    const text = JSON.stringify({ t: 'answer', id: m.id, ...answer }); // throws for what JSON cannot carry
    answers.delete(m.id);
    live.delete(m.id);
    update();
    tellChanges();
    sendText(text);
  });
  const answer = (a: any) => answers.get(m.id)?.(a);
  flows.run(flow, async () => {
    try {
      const result = m.module === undefined ? await load(m.args![0]) : await requireOwn(m.module)[m.method](...(m.args ?? []).map(argument));
      answer({ v: result });
    } catch (e) {
      answer({ e: describe(e) });
    }
  });
}

/** Before an answer, because the next thing the engine does may be to start a command. */
function tellChanges(): void {
  const changes = env.taken();
  if (changes) send({ t: 'tell', c: 0, name: 'env', args: [], env: changes });
}

function abandon(id: number): void {
  const flow = live.get(id);
  if (flow) flow.abandoned = true;
  live.delete(id);
  answers.delete(id);
  update();
  send({ t: 'alive', id });
}

/** An error that nobody caught ends what runs, as it would end a script. */
function crash(e: unknown): void {
  const all = [...answers.values()];
  if (all.length > 0) all[all.length - 1]!({ e: describe(e) });
}

process.on('uncaughtException', crash);
process.on('unhandledRejection', crash);
process.on('beforeExit', () => {
  // Nothing is left that could settle what a call waits for.
  for (const answer of [...answers.values()]) answer({ never: true });
});

const socket = new net.Socket({ fd: 3, readable: true, writable: false });
socket.on('data', splitter((kind, body) => {
  if (kind === 'R') return reply(body.readUInt32BE(0), undefined, Buffer.from(body.subarray(4)));
  const m = JSON.parse(body);
  env.apply(m.env);
  switch (m.t) {
    case 'invoke': return invoke(m);
    case 'reply': return reply(m.id, m);
    case 'exit': return ended(m.id, m.exit);
    case 'abandon': return abandon(m.id);
  }
}));
socket.on('end', () => children.exit());
onBusy((busy) => (busy ? socket.ref() : socket.unref()));
send({ t: 'ready', version: process.versions.node });
