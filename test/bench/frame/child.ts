/**
 * The parts of a bench run in processes of their own, so that each has a processor and a memory to itself. A part is
 * a script that serves named questions over its IPC channel; it ends when the channel closes.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';

/** What a part answers: a function for each question. Questions and answers are plain values. */
export type Questions = Record<string, (input: never) => Promise<unknown>>;

/** A running part, seen from the bench. */
export interface Part<Q extends Questions> {
  readonly pid: number;
  /** Asks; rejects with what the part threw, or when it ended. */
  ask<Name extends keyof Q & string>(name: Name, ...input: Parameters<Q[Name]>): Promise<Awaited<ReturnType<Q[Name]>>>;
  /** Closes the channel and waits until it ended; a part that does not end in time is killed. */
  end(): Promise<void>;
}

interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

/** A part that was asked to end is killed after this time, milliseconds. */
const END_MS = 20_000;

/** Starts `script` (a file URL) as a part; what it prints goes to the file `log`. */
export function startPart<Q extends Questions>(
  script: URL,
  options: { readonly log: string; readonly env?: NodeJS.ProcessEnv; readonly nodeFlags?: readonly string[] },
): Part<Q> {
  const child = fork(script, {
    env: { ...process.env, ...options.env },
    execArgv: ['--disable-warning=ExperimentalWarning', ...(options.nodeFlags ?? [])],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    serialization: 'advanced',
  });
  const out = createWriteStream(options.log, { flags: 'a' });
  child.stdout!.pipe(out, { end: false });
  child.stderr!.pipe(out, { end: false });
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  child.on('message', ({ id, value, error }: Answer) => {
    const asked = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) asked?.resolve(value);
    else asked?.reject(new Error(error));
  });
  const ended = new Promise<void>((resolve) => {
    child.once('exit', (code, signal) => {
      for (const asked of waiting.values()) {
        asked.reject(new Error(`${script.pathname} ended (${signal ?? code ?? '?'}); see ${options.log}`));
      }
      resolve();
    });
  });
  let next = 0;
  return {
    pid: child.pid!,
    ask(name, ...input) {
      const id = ++next;
      const asked = Promise.withResolvers<unknown>();
      waiting.set(id, asked);
      child.send({ id, name, input: input[0] });
      return asked.promise as never;
    },
    end: () => end(child, ended),
  };
}

/** In a part: answers the questions until the channel closes; `stop` runs then. */
export function serve(questions: Questions, stop: () => Promise<void> = () => Promise.resolve()): void {
  process.on('message', ({ id, name, input }: { id: number; name: string; input: unknown }) => {
    const answer = (message: Omit<Answer, 'id'>): void => void process.send?.({ id, ...message });
    void Promise.resolve(questions[name]!(input as never)).then(
      (value) => answer({ value }),
      (error: unknown) => answer({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    );
  });
  process.once('disconnect', () => {
    void stop().finally(() => process.exit(0));
  });
}

async function end(child: ChildProcess, ended: Promise<void>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  if (child.connected) child.disconnect();
  const late = setTimeout(() => child.kill('SIGKILL'), END_MS);
  await ended;
  clearTimeout(late);
}
