// Words for numbers: what an exit code usually means.

const meanings: Record<number, string> = {
  2: 'Misuse of shell builtins',
  126: 'Invoked command cannot execute',
  127: 'Command not found',
  128: 'Invalid exit argument',
  129: 'Hangup',
  130: 'Interrupt',
  131: 'Quit and dump core',
  132: 'Illegal instruction',
  133: 'Trace/breakpoint trap',
  134: 'Process aborted',
  135: 'Bus error: "access to undefined portion of memory object"',
  136: 'Floating point exception: "erroneous arithmetic operation"',
  137: 'Kill (terminate immediately)',
  138: 'User-defined 1',
  139: 'Segmentation violation',
  140: 'User-defined 2',
  141: 'Write to pipe with no one reading',
  142: 'Signal raised by alarm',
  143: 'Termination (request to terminate)',
  145: 'Child process terminated, stopped (or continued*)',
  146: 'Continue if stopped',
  147: 'Stop executing temporarily',
  148: 'Terminal stop signal',
  149: 'Background process attempting to read from tty ("in")',
  150: 'Background process attempting to write to tty ("out")',
  151: 'Urgent data available on socket',
  152: 'CPU time limit exceeded',
  153: 'File size limit exceeded',
  154: 'Signal raised by timer counting virtual time: "virtual timer expired"',
  155: 'Profiling timer expired',
  157: 'Pollable event',
  159: 'Bad syscall',
};

export function exitMeaning(code: number | null): string | undefined {
  return code === null ? undefined : meanings[code];
}

/** Milliseconds of 250, '250ms', '5s', '1m'. */
export function duration(d: unknown): number {
  if (typeof d === 'number') {
    if (!(d >= 0) || d === Infinity) throw new TypeError(`invalid duration: ${d}`);
    return d;
  }
  const m = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(String(d));
  if (!m) throw new TypeError(`invalid duration: ${String(d)} (write 500, '500ms', '5s' or '1m')`);
  return Number(m[1]) * ({ ms: 1, s: 1000, m: 60000, h: 3600000 }[m[2] ?? 'ms'] as number);
}
