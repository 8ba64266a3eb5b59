/**
 * The thread in which jq runs. It knows nothing of workflows: a program and a JSON text come in, jq's output goes out.
 * Whoever started it ends it when an answer takes too long.
 *
 * What a hostile program could reach is taken away in front of it, in jq itself: the environment, further inputs,
 * modules (directives are a syntax error after a definition), the process's exit and its diagnostics.
 * The build of jq bounds its own memory (256 MiB); exhausting it aborts the module, and then this thread must go.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { loadJq } from 'jq-wasm';

/** One program to run. `payload` is the JSON text of `{ input, variables }`. */
export interface JqRequest {
  readonly id: number;
  readonly program: string;
  readonly payload: string;
  /** Names that the payload's variables have; the program sees them as `$name`. */
  readonly names: readonly string[];
  /** Seconds since 1970-01-01 UTC: what `now` is. */
  readonly now: number;
}

/** `broken`: jq did not end in order (memory, stack); the thread cannot be used again. */
export type JqAnswer =
  | { readonly id: number; readonly kind: 'values'; readonly lines: string }
  | { readonly id: number; readonly kind: 'error'; readonly message: string }
  | { readonly id: number; readonly kind: 'broken'; readonly message: string };

const refused = (name: string) => `def ${name}: error("${name.split('(')[0]} is not available in workflows");`;
const PRELUDE = [
  ...['env', 'input', 'inputs', 'input_filename', 'input_line_number', 'get_search_list', 'modulemeta'].map(refused),
  ...['halt', 'halt_error', 'halt_error(code)'].map(refused),
  'def debug: .; def debug(message): .; def stderr: .;',
].join(' ');

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
    const { stdout, stderr, exitCode } = jq.raw(request.payload, wrap(request), ['-c']);
    if (exitCode !== 0) return { id, kind: 'error', message: explain(stderr) };
    if (stdout.length > outputBytes) {
      return { id, kind: 'error', message: `the result is larger than ${outputBytes} bytes` };
    }
    return { id, kind: 'values', lines: stdout };
  } catch (error) {
    return { id, kind: 'broken', message: `it needs more memory than there is, or broke jq (${String(error)})` };
  }
}

/** The program behind the prelude, on a line of its own so that jq's columns are the author's. */
function wrap({ program, names, now }: JqRequest): string {
  const variables = names.map((name) => `.variables.${name} as $${name} |`).join(' ');
  return `${PRELUDE} def now: ${now}; null as $ENV | ${variables} .input |\n${program}`;
}

/** jq's first complaint, without file names and the quoted source. */
function explain(stderr: string): string {
  const first = stderr.split('\n')[0] ?? '';
  const text = first
    .replace(/^jq: (?:parse )?error(?: \(at [^)]*\))?:? ?/, '')
    .replace(/ at <top-level>, line \d+, column (\d+):$/, ' (column $1)');
  return text.slice(0, 1_000);
}
