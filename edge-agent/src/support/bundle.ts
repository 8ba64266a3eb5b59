/**
 * The support bundle: one zip for whoever is asked for help, with a MANIFEST that says what is in it and what is not.
 *
 * Invariants: every text goes through `redact`, here and nowhere else, so that no part can forget it; no inputs, records, files
 * and pictures of a job and no key are in it, and of the log no line that the agent begins as the word of a job
 * (`job-lines.decision.ts`); it has a bound, and what was cut says so.
 */
import { strToU8, zipSync } from 'fflate';
import { redact } from './redact.decision.ts';

/** One file of the bundle. */
export interface Part {
  readonly name: string;
  /** What it is, for the manifest. */
  readonly about: string;
  readonly text: string;
  /** Where too long: the end is kept (logs), or the beginning. */
  readonly keep?: 'end';
}

/** What stays on the machine, and why. */
export interface LeftOut {
  readonly what: string;
  readonly why: string;
}

export interface ManifestEntry {
  readonly name: string;
  readonly about: string;
  readonly bytes: number;
  /** Bytes that were cut off. */
  readonly cut: number;
}

export interface Manifest {
  readonly version: 1;
  readonly at: string;
  readonly agentVersion: string;
  readonly files: readonly ManifestEntry[];
  readonly leftOut: readonly LeftOut[];
}

export interface Bundle {
  readonly manifest: Manifest;
  readonly zip: Uint8Array;
}

/** Of one file, bytes; there are a dozen. */
const PART_BYTES = 4_194_304;
const LINE_END = 0x0a;

/** Always true, whatever the machine. */
export const LEFT_OUT: readonly LeftOut[] = [
  { what: 'keys, certificates with keys, join tokens', why: 'they are secrets' },
  {
    what: 'the outbox and what waits for upload',
    why: 'it holds inputs and results of jobs; counts and sizes are told',
  },
  { what: 'folders of runs, screenshots, traces', why: 'they show what jobs saw' },
  {
    what: 'lines of the log that tell what jobs and their programs said',
    why: 'they quote what jobs saw, and are counted; what the agent says of a fault may name a file or a page',
  },
  { what: 'the audit log', why: 'it says who asked for what; casare-agent audit shows it' },
  { what: 'secret providers and their settings', why: 'they name secrets' },
  { what: 'values of environment variables outside a list', why: 'they may be secrets; the names are told' },
];

/** Makes the zip. Pure but for the packing. */
export function packBundle(
  parts: readonly Part[],
  secrets: readonly string[],
  { at, agentVersion }: { readonly at: string; readonly agentVersion: string },
): Bundle {
  const files = parts.map((part) => ({ part, ...bounded(redact(part.text, secrets), part.keep === 'end') }));
  const manifest: Manifest = {
    version: 1,
    ...{ at, agentVersion },
    files: files.map(({ part: { name, about }, bytes, cut }) => ({ name, about, bytes: bytes.length, cut })),
    leftOut: LEFT_OUT,
  };
  const text = `${JSON.stringify(manifest, null, 2)}\n`;
  const content = Object.fromEntries(files.map(({ part, bytes }) => [part.name, bytes]));
  return { manifest, zip: zipSync({ 'MANIFEST.json': strToU8(text), ...content }, { mtime: new Date(at) }) };
}

/** Cut at a line, where it has one: no letter is cut in two. Secrets are out of it already. */
function bounded(text: string, keepsEnd: boolean): { bytes: Uint8Array; cut: number } {
  const whole = strToU8(text);
  if (whole.length <= PART_BYTES) return { bytes: whole, cut: 0 };
  const least = whole.length - PART_BYTES;
  const bytes = keepsEnd
    ? whole.subarray(whole.indexOf(LINE_END, least - 1) + 1 || least)
    : whole.subarray(0, whole.lastIndexOf(LINE_END, PART_BYTES - 1) + 1 || PART_BYTES);
  return { bytes, cut: whole.length - bytes.length };
}
