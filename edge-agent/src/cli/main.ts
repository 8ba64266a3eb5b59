/** `casare-agent`, as a process: signals, streams, the exit code. */
import { createInterface } from 'node:readline/promises';
import { main } from './program.ts';

/** A command that does not end by itself after this is ended, milliseconds. */
const STOP_MS = 10_000;

const stopped = Promise.withResolvers<void>();

function stop(): void {
  stopped.resolve();
  setTimeout(() => process.exit(1), STOP_MS).unref();
}

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, stop);
// the stub that started this program holds a channel: when it is killed, the agent stops too
process.on('disconnect', stop);
// nobody reads any more: the agent goes on, its log is in a file
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);

/** One line of the person at the terminal; null when they close it. */
async function ask(question: string): Promise<string | null> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const closed = new Promise<null>((resolve) => terminal.once('close', () => resolve(null)));
  // while a line is read, the terminal hands Ctrl-C over instead of signalling it
  terminal.once('SIGINT', () => {
    stop();
    terminal.close();
  });
  try {
    return await Promise.race([terminal.question(question), closed]);
  } finally {
    terminal.close();
  }
}

const code = await main(process.argv.slice(2), {
  environment: process.env,
  print: (text) => process.stdout.write(text),
  complain: (text) => process.stderr.write(text),
  input: async (bytes) => {
    let text = '';
    for await (const chunk of process.stdin.setEncoding('utf8')) {
      text += chunk as string;
      if (text.length >= bytes) break;
    }
    return text.slice(0, bytes);
  },
  stopped: () => stopped.promise,
  stopOnInputEnd: () => {
    for (const event of ['end', 'close', 'error'] as const) process.stdin.once(event, stop);
    process.stdin.resume();
  },
  terminal: {
    live: process.stdout.isTTY,
    colour: process.stdout.isTTY && (process.env['NO_COLOR'] ?? '') === '',
  },
  ...(process.stdin.isTTY && process.stdout.isTTY ? { ask } : {}),
});
process.exit(code);
