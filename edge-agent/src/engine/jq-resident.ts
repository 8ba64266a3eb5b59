/**
 * The thread in which jq stays: programs are compiled once, and jq, which reads one input after the other, is given inputs
 * as evaluations come. Between them it stands still in its read, and this thread with it, so that nothing here may wait for
 * the event loop: messages are fetched, and the number that the other side raises says that there is one.
 *
 * jq is WebAssembly whose only ways out are imported functions; two of them, `fd_read` and `fd_write`, are ours while it runs.
 */
import { readFile } from 'node:fs/promises';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { type Jq, loadJq } from 'jq-wasm';
import { complaintIn } from './jq-program.ts';
import type { JqAnswer } from './jq-worker.ts';

/** What this thread is told. */
export type ToResident =
  | { readonly kind: 'programs'; readonly text: string }
  | { readonly kind: 'evaluate'; readonly id: number; readonly payload: string };

/** What it says: loaded; the programs stand ready, or do not compile; an answer. */
export type FromResident = 'ready' | 'compiled' | 'refused' | JqAnswer;

type Import = (...args: number[]) => number;
type Imports = Readonly<Record<string, Record<string, unknown>>>;
/** The part of WebAssembly that is used; TypeScript knows it only with the types of browsers. */
interface Wasm {
  readonly Memory: new () => { readonly buffer: ArrayBuffer };
  compile(bytes: Uint8Array): Promise<object>;
  instantiate(module: object, imports: Imports): Promise<{ readonly exports: Readonly<Record<string, unknown>> }>;
}
const wasm = (globalThis as unknown as { readonly WebAssembly: Wasm }).WebAssembly;

const { outputBytes, signal } = workerData as { outputBytes: number; signal: Int32Array };
const port = parentPort;
if (port === null) throw new Error('jq-resident runs in a worker thread only');
const say = (message: FromResident): void => port.postMessage(message);
console.error = () => undefined;
console.log = () => undefined;

/** The evaluation under way: its number, what is left of its input, and what jq has said so far. */
interface Current {
  readonly id: number;
  input: Uint8Array;
  readonly out: Uint8Array[];
  bytes: number;
  complaint: string;
}

let memory: { readonly buffer: ArrayBuffer } | null = null;
let isResident = false;
let isCompiled = false;
let current: Current | null = null;
let programs: string | null = null;

const jq = await loadWithHooks();
say('ready');
for (;;) stay(nextPrograms());

/** Runs jq over one set of programs until there is another. */
function stay(text: string): void {
  isResident = true;
  isCompiled = false;
  try {
    jq.raw('', text, ['-c', '--unbuffered']);
  } catch (error) {
    breakOff(`it needs more memory than there is, or broke jq (${String(error)})`);
  } finally {
    isResident = false;
  }
  if (programs !== null) return;
  if (!hasCompiled()) return say('refused');
  // It ended unasked: by an input that it could not read.
  breakOff('jq ended');
}

/** Not narrowed by what was assigned before jq ran. */
function hasCompiled(): boolean {
  return isCompiled;
}

/** The other side ends this thread when it hears of it. */
function breakOff(message: string): never {
  say({ id: current?.id ?? 0, kind: 'broken', message });
  for (;;) Atomics.wait(signal, 0, Atomics.load(signal, 0));
}

function nextPrograms(): string {
  for (;;) {
    if (programs !== null) {
      const text = programs;
      programs = null;
      return text;
    }
    take(receive());
  }
}

/** Waits for a message without the event loop. */
function receive(): ToResident {
  for (;;) {
    const seen = Atomics.load(signal, 0);
    const received = receiveMessageOnPort(port!) as { message: ToResident } | undefined;
    if (received !== undefined) return received.message;
    Atomics.wait(signal, 0, seen);
  }
}

function take(message: ToResident): void {
  if (message.kind === 'programs') {
    programs = message.text;
    return;
  }
  const input = Buffer.from(`${message.payload}\n`, 'utf8');
  current = { id: message.id, input, out: [], bytes: 0, complaint: '' };
}

/** jq asks for more input: what it was given before is done. Nothing ends its main loop. */
function nextInput(): Uint8Array | null {
  if (current !== null && current.input.length > 0) return current.input;
  if (current !== null) {
    const { id, out, complaint } = current;
    current = null;
    if (complaint !== '') say({ id, kind: 'error', message: complaintIn(complaint) });
    else say({ id, kind: 'values', lines: Buffer.concat(out).toString('utf8').trim() });
  } else if (!isCompiled) {
    isCompiled = true;
    say('compiled');
  }
  take(receive());
  return programs === null ? nextInput() : null;
}

function read(vectors: number, count: number, total: number): number {
  const input = nextInput();
  const { buffer } = memory!;
  const view = new DataView(buffer);
  let given = 0;
  for (let at = 0; at < count && input !== null && given < input.length; at += 1) {
    const address = view.getUint32(vectors + at * 8, true);
    const length = Math.min(view.getUint32(vectors + at * 8 + 4, true), input.length - given);
    new Uint8Array(buffer, address, length).set(input.subarray(given, given + length));
    given += length;
  }
  if (current !== null) current.input = current.input.subarray(given);
  view.setUint32(total, given, true);
  return 0;
}

function write(descriptor: number, vectors: number, count: number, total: number): number {
  const { buffer } = memory!;
  const view = new DataView(buffer);
  let taken = 0;
  for (let at = 0; at < count; at += 1) {
    const address = view.getUint32(vectors + at * 8, true);
    const length = view.getUint32(vectors + at * 8 + 4, true);
    taken += length;
    if (current === null) continue;
    const bytes = Buffer.from(buffer.slice(address, address + length));
    if (descriptor === 2) current.complaint = (current.complaint + bytes.toString('utf8')).slice(0, 4_000);
    else current.out.push(bytes);
    if (descriptor !== 2) current.bytes += length;
    if (current.bytes > outputBytes) breakOff(`the result is larger than ${outputBytes} bytes`);
  }
  view.setUint32(total, taken, true);
  return 0;
}

async function loadWithHooks(): Promise<Jq> {
  const module = await wasm.compile(await readFile(new URL(import.meta.resolve('jq-wasm/jq.wasm'))));
  const instantiateWasm = (imports: Imports, onSuccess: (instance: object, module: object) => void): void => {
    hook(imports, '_fd_read', (original, args) => {
      const [, vectors = 0, count = 0, total = 0] = args;
      return isResident ? read(vectors, count, total) : original(...args);
    });
    hook(imports, '_fd_write', (original, args) => {
      const [descriptor = 0, vectors = 0, count = 0, total = 0] = args;
      return isResident ? write(descriptor, vectors, count, total) : original(...args);
    });
    void wasm.instantiate(module, imports).then((instance) => {
      memory = Object.values(instance.exports).find((one) => one instanceof wasm.Memory) ?? null;
      onSuccess(instance, module);
    });
  };
  return loadJq({ instantiateWasm });
}

/** Imports have short names, but the functions behind them kept theirs. */
function hook(imports: Imports, name: string, ours: (original: Import, args: number[]) => number): void {
  for (const functions of Object.values(imports)) {
    for (const [short, one] of Object.entries(functions)) {
      if (typeof one !== 'function' || one.name !== name) continue;
      const original = one as Import;
      functions[short] = (...args: number[]) => ours(original, args);
      return;
    }
  }
  throw new Error(`this build of jq has no ${name}`);
}
