/**
 * Attack 49, the drill: a backup is made in the middle of a job, more happens, and then the server is gone with its home and
 * its database. What is restored on another one goes on where the agent is, runs nothing a second time, and says what it is.
 * Real processes, a real PostgreSQL; the server that is restored to has never heard of the old one.
 */
import { existsSync, readdirSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { api } from '@casare/shared/api';
import { invoicesOf } from '../../docs/examples/supplier-portal/invoices.ts';
import { casare, casareAgent, casareCerts } from '../support/cli.ts';
import { Gate } from '../support/gate.ts';
import { MONTH, startStack, until, type Stack } from '../support/stack.ts';

const signIn = (secret: string): string => `
document: { dsl: '1.0.3', namespace: finance, name: sign-in-${secret.toLowerCase()}, version: '1.0.0' }
use: { secrets: [${secret}] }
do:
  - open: { call: 'browser.open:1.0.0@default', with: { url: '\${ .portalUrl }' } }
  - signIn:
      input: { from: '{ user: $secrets.${secret}.username, pass: $secrets.${secret}.password }' }
      do:
        - user:
            call: browser.fill:1.0.0@default
            with: { target: 'textbox "E-mail"', value: '\${ .user }' }
            output: { as: $input }
        - pass: { call: 'browser.fill:1.0.0@default', with: { target: 'textbox "Password"', value: '\${ .pass }' } }
        - submit: { call: 'browser.click:1.0.0@default', with: { target: 'button "Sign in"' } }
`;

/** Ten programs one after the other, and an agent that tries again only now and then: slow where others work too. */
vi.setConfig({ testTimeout: 360_000 });

let stack: Stack;
let gate: Gate;
/** Where the files of the backup are, and the home of the new server. */
let away: string;
beforeEach(async () => {
  gate = new Gate(2);
  stack = await startStack(gate);
  away = await mkdtemp(path.join(os.tmpdir(), 'casare-drill-'));
  await chmod(away, 0o711);
});
afterEach(async () => {
  gate.open();
  await stack.stop();
  await rm(away, { recursive: true, force: true });
});

const answered = (kind: string): number =>
  stack.portal.requests.filter((request) => request.kind === kind && request.status < 400).length;
const stateOf = async (id: string): Promise<string> =>
  (await stack.client.call(api.jobs.get, { params: { id } }).catch(() => ({ state: 'unknown' }))).state;

async function submit(secret: string): Promise<string> {
  const { id } = await stack.client.call(api.workflows.push, { body: signIn(secret), mediaType: 'application/yaml' });
  const body = { workflow: id, input: { portalUrl: stack.portal.url } };
  return (await stack.client.call(api.jobs.submit, { body })).id;
}

/** Nothing is left of it but the agent, which is on another machine in truth. */
async function destroyServer(): Promise<void> {
  const postgres = await stack.postgresPid();
  await stack.controlPlane.end('SIGKILL');
  process.kill(postgres, 'SIGQUIT');
  const gone = (): boolean => {
    try {
      return !process.kill(postgres, 0);
    } catch {
      return true;
    }
  };
  await until('the end of Postgres', 30_000, () => Promise.resolve(gone()));
  for (const name of readdirSync(stack.home)) {
    if (name !== 'agent' && !name.endsWith('.log')) await rm(path.join(stack.home, name), { recursive: true });
  }
}

it('attack 49: what is restored on another server goes on, runs nothing twice, and hides nothing', async () => {
  const { client } = stack;
  await client.call(api.secrets.set, {
    params: { name: 'vaulted' },
    body: { value: { username: 'buyer@example.com', password: 'correct horse' } },
  });
  const stolen = await client.call(api.apiKeys.create, { body: { name: 'stolen', role: 'viewer' } });
  const job = (await stack.submit()).id;
  await gate.held();
  const [agent] = (await client.call(api.agents.list, {})).items;
  await client.call(api.agents.act, { params: { id: agent!.id, action: 'pause' } });
  const waits = await submit('supplierPortal');

  const [archive, keys, passphrase] = ['backup', 'keys', 'passphrase'].map((name) => path.join(away, name)) as [
    string,
    string,
    string,
  ];
  await writeFile(passphrase, 'a passphrase for the drill\n', { mode: 0o600 });
  const files = ['--keys', keys, '--passphrase-file', passphrase];
  const made = await casare(stack, 'backup', '--out', archive, ...files, '--artifacts', '-o', 'json');
  expect({ code: made.code, err: made.code === 0 ? '' : made.err }).toEqual({ code: 0, err: '' });
  expect(JSON.parse(made.out)).toMatchObject({
    keyFiles: ['master.key', 'secrets-master.key', 'secrets.yaml', 'admin.json'],
  });
  expect(await casare(stack, 'backup', 'verify', archive, ...files)).toMatchObject({ code: 0 });

  // What the backup does not know: a job of it ran, one was submitted and ran, and the one in the middle went on.
  await client.call(api.agents.act, { params: { id: agent!.id, action: 'resume' } });
  expect((await stack.over(waits)).state).toBe('succeeded');
  const later = await submit('vaulted');
  expect((await stack.over(later)).state).toBe('succeeded');
  await client.call(api.apiKeys.revoke, { params: { id: stolen.id } });
  const log = path.join(away, 'audit.jsonl');
  await until('the log', 20_000, async () => {
    await rm(log, { force: true });
    expect(await casareCerts(stack, 'audit', 'export', '--out', log)).toMatchObject({ code: 0 });
    return (await readFile(log, 'utf8')).includes('apiKey.revoked');
  });
  gate.letOne();
  await until('the third file', 60_000, async () => (await stack.files(job)).length === 3);
  const signIns = answered('sign-in');
  expect(signIns).toBe(3);
  await gate.held();

  const failedAt = new Date().toISOString();
  await destroyServer();
  const home = path.join(away, 'home');
  const on = { ...stack, home };
  const restore = ['restore', archive, ...files, '--failed-at', failedAt, '--audit', log, '-o', 'json'];
  const done = await casare(on, ...restore);
  expect(done.err).toContain('Taken away again: 0 locks, 1 keys, 0 accounts.');
  expect({ ...done, out: JSON.parse(done.out) as unknown }).toMatchObject({
    code: 0,
    out: { asked: 1, leases: 1, artifacts: 2 },
  });
  // A second time it is refused, and nothing happens: the home is not empty.
  expect(await casare(on, ...restore)).toMatchObject({
    code: 1,
    err: expect.stringContaining('TARGET_NOT_EMPTY') as string,
  });
  stack.env['CASARE_HOME'] = home;
  await stack.startControlPlane();
  gate.open();

  const over = await stack.over(job);
  expect({ state: over.state, attempt: over.attempt, error: over.error }).toEqual({
    ...{ state: 'succeeded', attempt: 1, error: null },
  });
  // Each invoice was downloaded once and is there whole; nobody signed in again for jobs that had run.
  expect(answered('download')).toBe(invoicesOf(MONTH).length);
  const invoices = await stack.files(job);
  for (const { id, bytes } of invoices) expect((await stack.bytes(id)).length).toBe(bytes);
  // The one that was stored after the backup is lost with its row, as docs/guides/backup.md says; the others are there.
  expect(invoices).toHaveLength(invoicesOf(MONTH).length - 1);
  expect(await stateOf(waits)).toBe('needs_review');
  expect(await stateOf(later)).toBe('unknown');
  expect(answered('sign-in')).toBe(signIns);

  // What was revoked after the backup is not to be had back by it.
  const theirs = await fetch(`${stack.url}/api/v1/auth/me`, { headers: { authorization: `Bearer ${stolen.key}` } });
  expect(theirs.status).toBe(401);

  // It is a whole installation: secrets open, jobs run, CAs issue. The agent is paused, as it was when the backup was made.
  await client.call(api.agents.act, { params: { id: agent!.id, action: 'resume' } });
  expect((await stack.over(await submit('vaulted'))).state).toBe('succeeded');
  expect(answered('sign-in')).toBe(signIns + 1);
  const { token } = await client.call(api.joinTokens.create, { body: { autoApprove: true } });
  const enrol = [
    'enrol',
    '--url',
    stack.enrolUrl,
    '--token',
    token,
    '--home',
    path.join(away, 'second'),
    '--name',
    'second',
  ];
  expect(await casareAgent(...enrol)).toMatchObject({ code: 0 });

  // The logs are whole across the restore, and say that there was one, and of which backup.
  const { items } = await client.call(api.audit.list, { query: { log: 'installation', limit: 200 } });
  const told = items.find(({ action }) => action === 'store.restored');
  expect(told?.detail).toMatchObject({ backup: { id: (JSON.parse(made.out) as { id: string }).id }, failedAt });
  for (const log of ['tenant', 'installation']) {
    expect(await casareCerts(on, 'audit', 'verify', '--log', log)).toMatchObject({ code: 0 });
  }
  expect(existsSync(path.join(home, 'admin.json'))).toBe(true);
  expect(await readFile(path.join(home, 'control-plane.log'), 'utf8').catch(() => '')).not.toContain(
    'RECORD_WENT_BACK',
  );
});
