/** The agent's audit log on a real disk: linked, bounded, and every change of it seen. */
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Fault } from '../fault.ts';
import { AuditLog } from './audit-log.ts';
import { auditEntries, verifyAudit } from './read-audit.ts';

let home = '';
let folder = '';
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'casare-audit-'));
  folder = join(home, 'audit');
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const complaints: string[] = [];
const open = (limits: { fileBytes?: number; filesKept?: number } = {}): AuditLog =>
  new AuditLog({ folder, tenant: 'default', now: () => 0, complain: (text) => complaints.push(text), ...limits });
const add = (log: AuditLog, count: number): void => {
  for (let index = 0; index < count; index++) {
    log.add({ action: 'run.started', actor: 'key:1', subject: `job:${index}`, detail: { index } });
  }
};
async function verdict(kept: string | null = null): Promise<string> {
  return verifyAudit(folder, kept).then(
    ({ from, entries, head }) => `${from}-${head.position} (${entries})`,
    (error: unknown) => (error as Fault).code,
  );
}
const files = (): string[] => readdirSync(folder).sort();
const first = (): string => join(folder, files()[0]!);

test('entries are linked, over restarts too, and what was written can be read', async () => {
  add(open(), 3);
  const log = open();
  add(log, 2);
  expect(await verdict()).toBe('1-5 (5)');
  expect(await verdict(log.head.hash)).toBe('1-5 (5)');
  expect(await verdict('0'.repeat(64))).toBe('AUDIT_OTHER');
  const read = [];
  for await (const { entry } of auditEntries(folder)) read.push([entry.position, entry.subject]);
  expect(read).toEqual([
    [1, 'job:0'],
    [2, 'job:1'],
    [3, 'job:2'],
    [4, 'job:0'],
    [5, 'job:1'],
  ]);
});

test.each([
  ['changed', (lines: string[]) => [lines[0]!, lines[1]!.replace('key:1', 'key:2'), lines[2]!], 'AUDIT_BROKEN'],
  ['taken out', (lines: string[]) => [lines[0]!, lines[2]!], 'AUDIT_GAP'],
  ['put in', (lines: string[]) => [lines[0]!, lines[0]!, lines[1]!, lines[2]!], 'AUDIT_GAP'],
  ['swapped', (lines: string[]) => [lines[1]!, lines[0]!, lines[2]!], 'AUDIT_GAP'],
  ['no entry', (lines: string[]) => [lines[0]!, 'hello', lines[2]!], 'AUDIT_BROKEN'],
  ['left alone', (lines: string[]) => lines, '1-3 (3)'],
] as const)('a log with a line %s', async (_, change, expected) => {
  add(open(), 3);
  const lines = readFileSync(first(), 'utf8').trimEnd().split('\n');
  // A file after it, so that its last line is not one that may be under way.
  writeFileSync(first(), `${change(lines).join('\n')}\n`);
  writeFileSync(join(folder, 'audit-999999999999.jsonl'), '');
  expect(await verdict()).toBe(expected);
});

test('a line in the middle of the newest file that is no entry hides nothing of what comes after it', async () => {
  add(open(), 3);
  const [one, two, three] = readFileSync(first(), 'utf8').split('\n');
  writeFileSync(first(), [one, 'hello', two, three, ''].join('\n'));
  expect(await verdict()).toBe('AUDIT_BROKEN');
  // Also when the agent has gone on after it; and one at the end that was ended is no torn one.
  add(open(), 1);
  expect(await verdict()).toBe('AUDIT_BROKEN');
  writeFileSync(first(), [one, two, three, 'hello', ''].join('\n'));
  expect(await verdict()).toBe('AUDIT_BROKEN');
  // The control: what is being written has no end yet.
  writeFileSync(first(), [one, two, three, 'hello'].join('\n'));
  expect(await verdict()).toBe('1-3 (3)');
});

test('an entry is one line, whatever separators of lines are in it', async () => {
  const log = open();
  log.add({ action: 'a', actor: 'key:\u2028\u2029\u0085\r\n', subject: 'job:\u2028', detail: { '\u2028': '\u2029' } });
  add(log, 1);
  expect(await verdict()).toBe('1-2 (2)');
});

test('cut at its end it is seen by whoever kept the last hash', async () => {
  const log = open();
  add(log, 3);
  const lines = readFileSync(first(), 'utf8').trimEnd().split('\n');
  writeFileSync(first(), `${lines.slice(0, 2).join('\n')}\n`);
  expect(await verdict()).toBe('1-2 (2)');
  expect(await verdict(log.head.hash)).toBe('AUDIT_OTHER');
});

test('bounded: old files go, and what is left can be checked still', async () => {
  const log = open({ fileBytes: 1_000, filesKept: 3 });
  add(log, 30);
  expect(files()).toHaveLength(3);
  const [, from, to] = /^(\d+)-(\d+)/.exec(await verdict())!;
  expect(Number(from)).toBeGreaterThan(20);
  expect(to).toBe('30');
  add(open({ fileBytes: 1_000, filesKept: 3 }), 1);
  expect(await verdict()).toMatch(/-31 /);
});

test('a line that a crash has torn is taken away and told of; an empty file is none', async () => {
  add(open(), 2);
  appendFileSync(first(), '{"position":3,"ten');
  expect(await verdict()).toBe('1-2 (2)');
  add(open(), 1);
  expect(await verdict()).toBe('1-4 (4)');
  expect(readFileSync(first(), 'utf8')).toContain('"action":"audit.torn"');
  writeFileSync(join(folder, 'audit-000000000005.jsonl'), '');
  add(open(), 1);
  expect(await verdict()).toBe('1-5 (5)');
  // Also when it was the first of its file, which is no reason to say nothing.
  writeFileSync(join(folder, 'audit-000000000006.jsonl'), '{"posi');
  add(open(), 1);
  expect(await verdict()).toBe('1-7 (7)');
  expect(readFileSync(first(), 'utf8')).toContain('"detail":{"bytes":6}');
});

test('a damaged file is set aside, stops nobody, and the log counts as broken', async () => {
  add(open(), 2);
  writeFileSync(first(), 'nonsense\n');
  const log = open();
  add(log, 1);
  expect(log.head.position).toBe(2);
  expect(files().some((name) => name.endsWith('.damaged'))).toBe(true);
  expect(await verdict()).toBe('AUDIT_BROKEN');
});

test('what cannot be written is said; a detail that is too large is left out', async () => {
  const log = open();
  log.add({ action: 'a', actor: 'agent', subject: 's', detail: { text: 'x'.repeat(100_000) } });
  expect(readFileSync(first(), 'utf8')).toContain('"leftOut"');
  rmSync(folder, { recursive: true });
  add(log, 1);
  expect(complaints.at(-1)).toMatch(/could not be written/);
  expect(log.head.position).toBe(1);
  expect(await verdict()).toBe('AUDIT_MISSING');
});
