import type { Handle, Stream } from '../child/child';
import { tooLate } from './output';

/** Bytes of a stream while the command runs. */
export async function* chunks(started: Promise<Handle>, stream: Stream): AsyncGenerator<ArrayBuffer> {
  const h = await started;
  let f: ReturnType<Handle['follow']>;
  try {
    f = h.follow(stream);
  } catch (e) {
    throw tooLate(e, stream);
  }
  try {
    for (let b = await f.next(); b !== undefined; b = await f.next()) yield b;
  } finally {
    f.close();
  }
}

/** Lines of a stream while the command runs; the last needs no line break. */
export async function* lines(started: Promise<Handle>, stream: Stream, delimiter: string | RegExp = /\r?\n/): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const b of chunks(started, stream)) {
    const parts = (rest + decoder.decode(b, { stream: true })).split(delimiter);
    rest = parts.pop() as string;
    yield* parts;
  }
  rest += decoder.decode();
  if (rest !== '') yield rest;
}
