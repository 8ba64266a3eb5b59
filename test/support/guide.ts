/**
 * The guides of docs/api as programs: each `bash` block is run as it stands, the `json` or `text` block behind it is what it must
 * answer. In an answer, `"…"` stands for any value, `"…": "…"` for whatever else there is, and `"$NAME"` for a text that later
 * blocks have as `$NAME`. In a text, `…` stands for any characters. There is no other kind of block.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const FENCE = /^```(\w*)\n([\s\S]*?)^```$/gm;
const ANY = '…';
const BLOCK_MS = 20_000;

export interface Block {
  /** Line in the page, from 1. */
  readonly line: number;
  readonly script: string;
  /** Null where nothing is said of the answer: then it must succeed. */
  readonly answer: { readonly kind: 'json' | 'text'; readonly text: string } | null;
}

/** The blocks of a page. @throws when one would not be executed or compared */
export function blocksOf(page: string): Block[] {
  const blocks: Block[] = [];
  for (const [index, match] of [...page.matchAll(FENCE)].entries()) {
    const [, kind, text] = match as unknown as [string, string, string];
    const line = page.slice(0, match.index).split('\n').length;
    const last = blocks.at(-1);
    if (kind === 'bash') blocks.push({ line, script: text, answer: null });
    else if ((kind === 'json' || kind === 'text') && index > 0 && last?.answer === null) {
      blocks[blocks.length - 1] = { ...last, answer: { kind, text } };
    } else throw new Error(`line ${line}: a block of kind "${kind}" is neither executed nor compared`);
  }
  return blocks;
}

/** Runs the blocks one after the other. @throws with the line of the first that does not do what the page says */
export async function follow(
  blocks: readonly Block[],
  env: Readonly<Record<string, string>>,
  cwd: string,
): Promise<void> {
  const known: Record<string, string> = { ...env };
  for (const { line, script, answer } of blocks) {
    const asked = { cwd, env: { PATH: process.env['PATH'], ...known }, timeout: BLOCK_MS };
    const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', script], asked).catch((error: unknown) => {
      throw new Error(`line ${line}: the block fails: ${String(error)}`);
    });
    const fault = answer === null ? null : faultOf(answer, stdout, known);
    if (fault !== null) throw new Error(`line ${line}: ${fault}\nit answered:\n${stdout}`);
  }
}

function faultOf(
  { kind, text }: NonNullable<Block['answer']>,
  said: string,
  known: Record<string, string>,
): string | null {
  if (kind === 'json') return difference('answer', JSON.parse(text), JSON.parse(said), known);
  const pattern = text.trim().split(ANY).map(escaped).join('[^]*?');
  return new RegExp(`^${pattern}$`).test(said.trim().replaceAll('\r', '')) ? null : 'the text is another one';
}

function escaped(text: string): string {
  return text.replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&');
}

function difference(at: string, wanted: unknown, found: unknown, known: Record<string, string>): string | null {
  if (wanted === ANY) return null;
  const name = typeof wanted === 'string' ? /^\$([A-Z_]+)$/.exec(wanted)?.[1] : undefined;
  if (name !== undefined) {
    if (typeof found !== 'string') return `${at} is no text`;
    if (known[name] !== undefined) return known[name] === found ? null : `${at} is not $${name}`;
    known[name] = found;
    return null;
  }
  if (wanted === null || typeof wanted !== 'object') {
    return wanted === found ? null : `${at} is ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`;
  }
  if (found === null || typeof found !== 'object') return `${at} is ${JSON.stringify(found)}`;
  const { [ANY]: more, ...members } = wanted as Record<string, unknown>;
  const there = found as Record<string, unknown>;
  const unknown = Object.keys(there).find((key) => !(key in members));
  if (unknown !== undefined && more === undefined) return `${at} has also ${unknown}`;
  for (const [key, value] of Object.entries(members)) {
    if (!(key in there)) return `${at} has no ${key}`;
    const fault = difference(`${at}.${key}`, value, there[key], known);
    if (fault !== null) return fault;
  }
  return null;
}
