/**
 * Data that only the account which protected it can read, on the machine where it did: the data protection interface of
 * Windows (DPAPI), user scope. What it is for goes into it: one kind of file cannot be put in the place of another.
 */
import { createHash } from 'node:crypto';
import { type Blob, native } from './native.ts';

/** No window may open. */
const NO_PROMPT = 1;

/** Protects. @throws Error with the number that Windows gives */
export function protectData(data: Buffer, purpose: string): Buffer {
  return called('protectData', data, purpose);
}

/** Reads what was protected for this purpose. @throws Error with the number that Windows gives */
export function unprotectData(data: Buffer, purpose: string): Buffer {
  return called('unprotectData', data, purpose);
}

function called(name: 'protectData' | 'unprotectData', data: Buffer, purpose: string): Buffer {
  const windows = native();
  const entropy = createHash('sha256').update(`casare-agent/${purpose}`).digest();
  const out: Partial<Blob> = {};
  const isDone = windows[name](blob(data), null, blob(entropy), null, null, NO_PROMPT, out);
  if (!isDone) throw new Error(`Windows error ${windows.lastError()}`);
  return windows.takeBytes(out.pbData as bigint, out.cbData ?? 0);
}

function blob(data: Buffer): Blob {
  return { cbData: data.length, pbData: data };
}
