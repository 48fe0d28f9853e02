import { workflow, job, push } from '@kici-dev/sdk';
import assert from 'node:assert';
import buffer from 'node:buffer';
import crypto from 'node:crypto';
import events from 'node:events';
import fs from 'node:fs';
import fsp from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import perf from 'node:perf_hooks';
import process_ from 'node:process';
import timers from 'node:timers';
import timersp from 'node:timers/promises';
import url from 'node:url';
import util from 'node:util';
import querystring from 'node:querystring';
import * as everything from 'node:path';
import EventEmitter, { once } from 'node:events';

export default workflow('ci', { on: push(), jobs: [job('a', { runsOn: 'default', run: async (ctx) => {
  const kinds = [assert, buffer.Buffer, crypto.randomUUID, events, fs.readFileSync, fsp.readFile, os.tmpdir, path.join, perf.performance.now,
    process_.cwd, timers.setTimeout, timersp.setTimeout, url.fileURLToPath, util.inspect, querystring.parse, everything.join, everything.default.join, EventEmitter, once];
  ctx.log.info(kinds.map((k) => typeof k).join(' '));
  const e = new EventEmitter();
  setTimeout(() => e.emit('ready', 42), 1);
  ctx.log.info(`once ${(await once(e, 'ready'))[0]}`);
} })] });
