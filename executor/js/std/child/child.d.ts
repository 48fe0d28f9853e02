// The primitives that kici:shell and child_process stand on. Go supplies them
// in the embedded runtime (natives.go, handle.go); a Node process can supply
// the same over its own child_process.

/** What to run. No shell is involved: args[0] is a program. */
export interface Spec {
  args: string[];
  argv0?: string;
  /** Relative paths start at the host's working directory. */
  cwd?: string;
  /** The whole environment; absent means the job's live one. */
  env?: Record<string, unknown>;
  /** Whether stdin is a pipe; otherwise the command reads end of file. */
  stdin: boolean;
}

export interface Exit {
  code: number | null;
  signal: string | null;
  /** Milliseconds. */
  duration: number;
  /** The reader of its stdout went away first (see Handle.stop). */
  stopped: boolean;
  timedOut?: boolean;
}

export type Stream = 'stdout' | 'stderr' | 'stdall';

export interface Handle {
  readonly pid: number;
  /** Lets output flow, to the log too where asked for; until then it waits. */
  open(echoOut: boolean, echoErr: boolean): void;
  /** Resolves to an error code when the command no longer reads. */
  write(data: string | ArrayBuffer | Uint8Array): Promise<string | undefined>;
  end(): Promise<string | undefined>;
  /** Somebody waits for the command and nobody writes to it: in a moment its
   * input ends, unless takeInput comes first. */
  idle(): void;
  /** Keeps the input open for a writer; false when it has ended already. */
  takeInput(): boolean;
  /** Signals the whole process group; false when the command is over. */
  kill(signal: string): boolean;
  /** Captured output; throws when lost(stream). */
  text(stream: Stream): string;
  bytes(stream: Stream): ArrayBuffer;
  /** Whether output was dropped because the capture was full. */
  lost(stream: Stream): boolean;
  /** Reads a stream from its beginning while the command runs; like pipe and
   * pipeFile it throws when output was dropped already. */
  follow(stream: Stream): { next(): Promise<ArrayBuffer | undefined>; close(): void };
  pipe(to: Handle): void;
  pipeFile(stream: Stream, path: string): Promise<void>;
  /** Closes our end of stdout, as the reader of a shell pipe does. */
  stop(): void;
  /** Of a spawnSync. */
  exit: Exit;
}

export interface Primitives {
  readonly dir: string;
  /** Throws a Node-shaped error when the program cannot be started. */
  spawn(spec: Spec, onEnd: (exit: Exit) => void): Handle;
  spawnSync(spec: Spec, options: {
    input?: string | ArrayBuffer | Uint8Array; timeout?: number; killSignal?: string; echoOut: boolean; echoErr: boolean;
  }): Handle;
  /** Where in the author's files an Error object was made. */
  site(error: Error): { file: string; line: number; column: number } | undefined;
  /** Writes text to the log: stream 1 or 2. */
  print(stream: number, text: string): void;
}
