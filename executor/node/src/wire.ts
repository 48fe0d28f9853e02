// The two ends of a job's conversation with the engine.
//
//   fd 3  engine → here, whenever something happens; read by the event loop
//   fd 4  here → engine, always written at once, so that order is kept
//   fd 5  engine → here, the answer to the one synchronous question that waits
//
// A frame is a length (4 bytes, big endian, of what follows), a type byte and
// a body: M is JSON, R bytes, O output (stream, bytes), W input for a command.

const fs = require('fs');

const again = new Int32Array(new SharedArrayBuffer(4));

/** Writes all of it. A full pipe blocks: that is the back-pressure. */
function writeAll(fd: number, data: any): void {
  for (let at = 0; at < data.length; ) {
    try {
      at += fs.writeSync(fd, data, at, data.length - at);
    } catch (e: any) {
      if (e.code !== 'EAGAIN') throw e;
      Atomics.wait(again, 0, 0, 1);
    }
  }
}

export function frame(kind: string, ...parts: any[]): any {
  let length = 1;
  for (const p of parts) length += p.length;
  const out = Buffer.allocUnsafe(4 + length);
  out.writeUInt32BE(length, 0);
  out[4] = kind.charCodeAt(0);
  let at = 5;
  for (const p of parts) {
    out.set(p, at);
    at += p.length;
  }
  return out;
}

export function send(message: unknown): void {
  sendText(JSON.stringify(message));
}

export function sendText(json: string): void {
  writeAll(4, frame('M', Buffer.from(json)));
}

export function sendRaw(kind: string, ...parts: any[]): void {
  writeAll(4, frame(kind, ...parts));
}

function readExactly(fd: number, n: number): any {
  const out = Buffer.allocUnsafe(n);
  for (let at = 0; at < n; ) {
    const got = fs.readSync(fd, out, at, n - at, null);
    if (got === 0) throw new Error('kici: the engine went away');
    at += got;
  }
  return out;
}

/** Reads one frame of a descriptor nobody else reads. */
export function readFrame(fd: number): { kind: string; body: any } {
  const n = readExactly(fd, 4).readUInt32BE(0);
  const all = readExactly(fd, n);
  return { kind: String.fromCharCode(all[0]), body: all.subarray(1) };
}

/** Cuts a stream of bytes into frames. */
export function splitter(take: (kind: string, body: any) => void): (chunk: any) => void {
  let rest: any = Buffer.alloc(0);
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (rest.length >= 4) {
      const n = rest.readUInt32BE(0);
      if (rest.length < 4 + n) return;
      const body = rest.subarray(5, 4 + n);
      const kind = String.fromCharCode(rest[4]);
      rest = rest.subarray(4 + n);
      take(kind, body);
    }
  };
}

export const number4 = (n: number): any => {
  const b = Buffer.allocUnsafe(4);
  b.writeUInt32BE(n >>> 0, 0);
  return b;
};
