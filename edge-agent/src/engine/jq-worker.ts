/**
 * The thread in which jq runs a program once. It knows nothing of workflows: a program and a JSON text come in, jq's output
 * goes out. Whoever started it ends it when an answer takes too long.
 *
 * The build of jq bounds its own memory (256 MiB); exhausting it aborts the module, and then this thread must go.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { loadJq } from 'jq-wasm';
import { complaintIn, type JqSource, oneProgram } from './jq-program.ts';

/** One program to run. `payload` is the JSON text of `{ input, variables, now }`. */
export interface JqRequest extends JqSource {
  readonly id: number;
  readonly payload: string;
}

/** `broken`: jq did not end in order (memory, stack); the thread cannot be used again. */
export type JqAnswer =
  | { readonly id: number; readonly kind: 'values'; readonly lines: string }
  | { readonly id: number; readonly kind: 'error'; readonly message: string }
  | { readonly id: number; readonly kind: 'broken'; readonly message: string };

const { outputBytes } = workerData as { outputBytes: number };
const port = parentPort;
if (port === null) throw new Error('jq-worker runs in a worker thread only');

// The interpreter writes crash reports of its own; they hold nothing that `broken` does not say.
console.error = () => undefined;
console.log = () => undefined;
const jq = await loadJq();
port.on('message', (request: JqRequest) => port.postMessage(answer(request)));
port.postMessage('ready');

function answer(request: JqRequest): JqAnswer {
  const { id } = request;
  try {
    const { stdout, stderr, exitCode } = jq.raw(request.payload, oneProgram(request), ['-c']);
    if (exitCode !== 0) return { id, kind: 'error', message: complaintIn(stderr) };
    if (stdout.length > outputBytes) {
      return { id, kind: 'error', message: `the result is larger than ${outputBytes} bytes` };
    }
    return { id, kind: 'values', lines: stdout };
  } catch (error) {
    return { id, kind: 'broken', message: `it needs more memory than there is, or broke jq (${String(error)})` };
  }
}
