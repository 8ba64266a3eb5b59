/** `casare-agent audit` over a log on a disk, without an agent or a control plane. */
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AuditLog } from '../audit/index.ts';
import { main } from './program.ts';

let home: string;
let head: string;
const times = [Date.parse('2026-01-01T00:00:00Z'), Date.now() - 7_200_000, Date.now()];
beforeAll(() => {
  home = mkdtempSync(path.join(tmpdir(), 'casare-audit-cli-'));
  const left = [...times];
  const now = (): number => left.shift() ?? 0;
  const log = new AuditLog({ folder: path.join(home, 'audit'), tenant: 'default', now, complain: () => undefined });
  for (const subject of ['old', 'older', 'new']) log.add({ action: 'run.accepted', actor: 'key:1', subject });
  head = log.head.hash;
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

async function audit(...flags: string[]) {
  const [out, err] = [[] as string[], [] as string[]];
  const code = await main(['audit', '--home', home, ...flags], {
    environment: {},
    print: (text: string) => out.push(text),
    complain: (text: string) => err.push(text),
    input: () => Promise.resolve(''),
    stopped: () => new Promise(() => undefined),
    terminal: { live: false, colour: false },
  });
  return { code, out: out.join(''), err: err.join('') };
}
const subjects = (text: string): string[] =>
  text
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { subject: string }).subject);

test('writes entries, all of them or since a time', async () => {
  expect(subjects((await audit()).out)).toEqual(['old', 'older', 'new']);
  expect(subjects((await audit('--since', '2026-01-02T00:00:00Z')).out)).toEqual(['older', 'new']);
  expect(subjects((await audit('--since', '90m')).out)).toEqual(['new']);
  expect(await audit('--since', 'yesterday')).toMatchObject({ code: 2, out: '' });
});

test('says whether it is whole, up to which hash, and that a kept one occurs', async () => {
  expect(await audit('--verify')).toMatchObject({ code: 0, out: `whole: 3 entries up to 3\nhead: ${head}\n` });
  expect((await audit('--verify', '--head', head)).code).toBe(0);
  expect((await audit('--verify', '--head', 'f'.repeat(64))).err).toMatch(/^AUDIT_OTHER: /);
  expect(JSON.parse((await audit('--verify', '--output', 'json')).out)).toMatchObject({ whole: true, position: 3 });
  appendFileSync(path.join(home, 'audit', 'audit-000000000001.jsonl'), '{}\n');
  expect(await audit('--verify')).toMatchObject({ code: 1, err: expect.stringMatching(/^AUDIT_BROKEN: /) as string });
});
