/** `casare-certs` against a running control plane: what each command says, and how it ends. */
import { CHAIN_START, chainHash } from '@casare/certs';
import { run, type Surroundings } from '@casare/certs/cli';
import { AuditEvent, Lock, TrustStatus } from '@casare/shared/api';
import { api, createClient } from '@casare/shared/client';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startTestControlPlane, type TestControlPlane } from '../testing.ts';

let plane: TestControlPlane;
let folder: string;
let key: string;
beforeAll(async () => {
  plane = await startTestControlPlane();
  folder = await mkdtemp(path.join(tmpdir(), 'casare-certs-cli-'));
  key = await plane.keyOf('security');
});
afterAll(async () => {
  await plane.close();
  await rm(folder, { recursive: true });
});

async function certs(args: readonly string[], apiKey = key): Promise<{ code: number; out: string; error: string }> {
  const said = { out: '', error: '' };
  const around: Surroundings = {
    out: (text) => (said.out += text),
    error: (text) => (said.error += text),
    env: {},
    signal: new AbortController().signal,
    now: () => new Date(),
    connect: () => Promise.resolve(createClient({ url: plane.url, apiKey })),
    readInput: () => Promise.resolve(''),
  };
  const code = await run(args, around);
  return { code, ...said };
}

/** The JSON that a command prints. */
async function json<T>(args: readonly string[]): Promise<T> {
  const { code, out, error } = await certs([...args, '--output', 'json']);
  expect([code, error]).toEqual([0, '']);
  return JSON.parse(out) as T;
}

const status = async () => TrustStatus.parse(await json(['status']));
const UNKNOWN = '0198a7c0-0000-7000-8000-000000000000';

describe('looking', () => {
  test('status shows the CAs and the next safe command, in the shape of the API', async () => {
    const found = await status();
    expect(found.authorities.map(({ kind, state }) => [kind, state])).toEqual(
      expect.arrayContaining([
        ['server_root', 'active'],
        ['agent_root', 'active'],
        ['server_ca', 'active'],
      ]),
    );
    const { code, out } = await certs(['status']);
    expect(code).toBe(0);
    expect(out).toContain('server_ca');
    expect(out).toMatch(/^next: \S+/m);
  });

  test('check-expiration ends with 10 when something ends within the time, else with 0', async () => {
    expect(await certs(['check-expiration', '--within', '1d'])).toMatchObject({ code: 0 });
    const { code, out } = await certs(['check-expiration', '--within', '3650d']);
    expect([code, out]).toEqual([10, expect.stringContaining('server_root')]);
  });

  test('doctor finds nothing wrong', async () => {
    await vi.waitFor(async () => expect(await certs(['doctor'])).toMatchObject({ code: 0 }), 10_000);
  });

  test('what is not there is not found, and what may not be seen is not shown', async () => {
    expect(await certs(['cert', 'show', '01ab'])).toMatchObject({ code: 4, out: '' });
    expect(await certs(['unlock', UNKNOWN])).toMatchObject({ code: 4 });
    const viewer = await plane.keyOf('viewer');
    const { code, out, error } = await certs(['status'], viewer);
    expect([code, out, error]).toEqual([3, '', expect.stringMatching(/^PERMISSION_DENIED: .+\n$/)]);
    expect(await certs(['status'], `${key.slice(0, -3)}AAA`)).toMatchObject({ code: 3 });
  });
});

describe('locks', () => {
  test('are made, listed and lifted by what they lock; a dry run makes none; an old rev is a conflict', async () => {
    const { rev } = await status();
    const target = 'tenant/default';
    const lock = ['lock', target, '--reason', 'a test', '--ttl', '1h'];
    const dry = await certs([...lock, '--dry-run']);
    expect([dry.code, dry.error]).toEqual([0, expect.stringContaining('dry run')]);
    expect(await json<{ items: unknown[] }>(['locks'])).toMatchObject({ items: [] });
    expect(await certs([...lock, '--if-rev', String(rev)])).toMatchObject({ code: 0 });
    expect(await certs([...lock, '--if-rev', String(rev)])).toMatchObject({ code: 6 });
    const { items } = await json<{ items: unknown[] }>(['locks']);
    expect(items.map((item) => Lock.parse(item))).toMatchObject([
      { kind: 'tenant', target: 'default', reason: 'a test' },
    ]);
    expect(await certs(['unlock', target, '--reason', 'done'])).toMatchObject({ code: 0, out: `unlocked ${target}\n` });
    expect(await certs(['unlock', target])).toMatchObject({ code: 4 });
  });

  test('of several targets every one is tried: some failed is 8, and wrong usage is 2', async () => {
    const mixed = await certs(['lock', `agent/${UNKNOWN}`, 'tenant/default', '--reason', 'x']);
    expect(mixed.code).toBe(8);
    expect(mixed.error).toMatch(/^agent\/.*: LOCK_TARGET_NOT_FOUND: /);
    expect(await certs(['unlock', 'tenant/default'])).toMatchObject({ code: 0 });
    for (const wrong of [
      ['lock', 'nonsense', '--reason', 'x'],
      ['lock', 'serial/01'],
      ['lock', 'serial/01', '--reason', 'x', '--ttl', '5'],
    ]) {
      expect(await certs(wrong), wrong.join(' ')).toMatchObject({ code: 2, out: '' });
    }
  });
});

describe('tokens, bundle and audit', () => {
  test('a token is made, listed without its secret, and revoked', async () => {
    const { code, out } = await certs(['token', 'create', '--ttl', '1h', '--site', 'plant']);
    expect(code).toBe(0);
    const id = out.slice('casare_'.length).split('.')[0]!;
    const listed = await certs(['token', 'list']);
    expect(listed.out).toContain(id);
    expect(listed.out).not.toContain(out.split('.')[1]);
    expect(await certs(['token', 'revoke', id])).toMatchObject({ code: 0, out: `revoked ${id}\n` });
  });

  test('the bundle is written once and verified against the server', async () => {
    const file = path.join(folder, 'roots.pem');
    expect(await certs(['bundle', 'export', '--out', file])).toMatchObject({ code: 0 });
    expect((await certs(['bundle', 'export', '--out', file])).error).toMatch(/^FILE_EXISTS: /);
    expect(await certs(['bundle', 'verify', file])).toMatchObject({ code: 0 });
    expect((await certs(['bundle', 'verify', file, '--digest', '0'.repeat(64)])).error).toMatch(/^BUNDLE_DIFFERS: /);
  });

  test('the audit log is whole; a copy of it is checked without the server, and shows what was changed', async () => {
    const made = await plane.client.call(api.joinTokens.create, { body: {} });
    const file = path.join(folder, 'audit.jsonl');
    await vi.waitFor(async () => {
      await rm(file, { force: true });
      expect(await certs(['audit', 'export', '--out', file])).toMatchObject({ code: 0 });
      expect(await readFile(file, 'utf8')).toContain(made.id);
    }, 20_000);
    const whole = await json<{ hash: string; position: number }>(['audit', 'verify', file]);
    expect(whole.position).toBeGreaterThan(1);
    expect(await certs(['audit', 'verify', '--head', whole.hash])).toMatchObject({ code: 0 });
    expect(await certs(['audit', 'verify', '--log', 'installation'])).toMatchObject({ code: 0 });
    expect((await certs(['audit', 'verify', file, '--head', 'ff'])).error).toMatch(/^AUDIT_OTHER: /);
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('"joinToken.created"', '"joinToken.revoked"'));
    expect(await certs(['audit', 'verify', file])).toMatchObject({
      code: 1,
      error: expect.stringMatching(/^AUDIT_BROKEN: /) as string,
    });
    await writeFile(file, text);

    // With the signer's word that was kept elsewhere: cut off, or written anew from the first entry on.
    const kept = path.join(folder, 'kept.json');
    expect(await certs(['audit', 'checkpoint', '--out', kept])).toMatchObject({ code: 0 });
    const events = path.join(folder, 'events.jsonl');
    expect(await certs(['audit', 'export', '--out', events, '--format', 'cloudevents'])).toMatchObject({ code: 0 });
    const lines = (await readFile(events, 'utf8')).trim().split('\n');
    expect(JSON.parse(lines[0]!)).toMatchObject({
      specversion: '1.0',
      type: expect.stringMatching(/^io\.casare\.audit\./) as string,
    });
    const verified = (of: string): Promise<{ code: number; error: string }> =>
      certs(['audit', 'verify', of, '--checkpoint', kept]);
    expect(await verified(events)).toMatchObject({ code: 0 });
    await writeFile(events, `${lines.slice(0, -1).join('\n')}\n`);
    expect(await certs(['audit', 'verify', events])).toMatchObject({ code: 0 });
    expect((await verified(events)).error).toMatch(/^AUDIT_CUT: /);
    let before = CHAIN_START.hash;
    const anew = lines.map((line) => {
      const { data } = AuditEvent.parse(JSON.parse(line));
      const entry = { ...data, actor: 'account:somebody-else' };
      return JSON.stringify({ ...entry, hash: (before = chainHash(before, entry)) });
    });
    await writeFile(events, `${anew.join('\n')}\n`);
    expect(await certs(['audit', 'verify', events])).toMatchObject({ code: 0 });
    expect((await verified(events)).error).toMatch(/^AUDIT_OTHER: /);
    expect((await certs(['audit', 'verify', file, '--checkpoint', kept, '--key', 'ff'])).error).toMatch(
      /^CHECKPOINT_KEY_OTHER: /,
    );
    await writeFile(kept, (await readFile(kept, 'utf8')).replace(/"position": \d+/, '"position": 1'));
    expect((await verified(events)).error).toMatch(/^CHECKPOINT_FORGED: /);
    await writeFile(kept, '{}');
    expect((await verified(events)).error).toMatch(/^CHECKPOINT_MALFORMED: /);
    await appendFile(file, 'x\n');
    expect((await certs(['audit', 'verify', file])).error).toMatch(/^AUDIT_MALFORMED: /);
    expect((await certs(['audit', 'verify', path.join(folder, 'none')])).error).toMatch(/^FILE_UNREADABLE: /);
  });
});
