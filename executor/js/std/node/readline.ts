// readline: lines of a stream. Terminals are not offered: a step has none.
declare const module: { exports: any };
const EventEmitter = require('events');
import { absent } from './absent';

export class Interface extends EventEmitter {
  [k: string]: any;
  closed = false;
  constructor(o: any) {
    super();
    const input = o.input;
    const decoder = new (require('string_decoder').StringDecoder)('utf8');
    let rest = '';
    const feed = (s: string) => {
      const parts = (rest + s).split(/\r\n|\n|\r(?!$)/);
      rest = parts.pop() as string;
      for (const l of parts) if (!this.closed) this.emit('line', l);
    };
    input.on('data', (c: any) => feed(typeof c === 'string' ? c : decoder.write(c)));
    input.on('end', () => { feed(decoder.end()); if (rest !== '') this.emit('line', rest.replace(/\r$/, '')); this.close(); });
    input.on('error', (e: any) => { this._error = e; this.emit('error', e); this.close(); });
    this.input = input;
    this._output = o.output;
  }
  close() { if (!this.closed) { this.closed = true; this.input.pause?.(); this.emit('close'); } }
  pause() { this.input.pause(); return this; }
  resume() { this.input.resume(); return this; }
  setPrompt() {}
  prompt() {}
  question(q: string, o: any, cb?: any) { if (typeof o === 'function') cb = o; this._output?.write(q); this.once('line', cb); }
  async *[Symbol.asyncIterator]() {
    const queue: string[] = [];
    let wake: any = () => {};
    this.on('line', (l: string) => { queue.push(l); wake(); });
    this.on('close', () => wake());
    if (this.listenerCount('error') === 0) this.on('error', () => wake());
    while (true) {
      if (queue.length > 0) { yield queue.shift() as string; continue; }
      if (this._error) throw this._error;
      if (this.closed) return;
      await new Promise<void>((r) => { wake = r; });
    }
  }
}
export const createInterface = (i: any, output?: any): Interface => new Interface(i?.input ? i : { input: i, output });
export const promises = {
  Interface,
  createInterface: (i: any, output?: any): any => {
    const r: any = createInterface(i, output);
    const q = r.question.bind(r);
    r.question = (text: string) => new Promise((done) => q(text, done));
    return r;
  },
};
export const clearLine = () => true, cursorTo = () => true, moveCursor = () => true, clearScreenDown = () => true;
absent(module.exports, 'readline', ['emitKeypressEvents']);
