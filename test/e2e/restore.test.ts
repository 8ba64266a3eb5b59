/**
 * The database is restored from a backup that was made in the middle of a job: the job goes on, with everything once, and
 * what ran between the backup and the failure is asked about and not repeated. Real processes, a real PostgreSQL whose
 * files are put back.
 */
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { api } from '@casare/shared/api';
import { invoicesOf } from '../../docs/examples/supplier-portal/invoices.ts';
import { casare } from '../support/cli.ts';
import { Gate } from '../support/gate.ts';
import { MONTH, startStack, until, type Stack } from '../support/stack.ts';

const SIGN_IN = `
document: { dsl: '1.0.3', namespace: finance, name: sign-in, version: '1.0.0' }
use: { secrets: [supplierPortal] }
do:
  - open: { call: 'browser.open:1.0.0@default', with: { url: '\${ .portalUrl }' } }
  - signIn:
      input: { from: '{ user: $secrets.supplierPortal.username, pass: $secrets.supplierPortal.password }' }
      do:
        - user:
            call: browser.fill:1.0.0@default
            with: { target: 'textbox "E-mail"', value: '\${ .user }' }
            output: { as: $input }
        - pass: { call: 'browser.fill:1.0.0@default', with: { target: 'textbox "Password"', value: '\${ .pass }' } }
        - submit: { call: 'browser.click:1.0.0@default', with: { target: 'button "Sign in"' } }
`;

let stack: Stack;
let gate: Gate;
beforeEach(async () => {
  gate = new Gate(2);
  stack = await startStack(gate);
});
afterEach(async () => {
  gate.open();
  await stack.stop();
});

const answered = (kind: string): number =>
  stack.portal.requests.filter((request) => request.kind === kind && request.status < 400).length;
const files = (name: string): string => path.join(stack.home, name);
const stateOf = async (id: string) => (await stack.client.call(api.jobs.get, { params: { id } })).state;

it('goes on where the agent is, and runs nothing a second time', async () => {
  const { client } = stack;
  const job = await stack.submit();
  await gate.held();
  const [agent] = (await client.call(api.agents.list, {})).items;
  await client.call(api.agents.act, { params: { id: agent!.id, action: 'pause' } });
  const { id: workflow } = await client.call(api.workflows.push, { body: SIGN_IN, mediaType: 'application/yaml' });
  const body = { workflow, input: { portalUrl: stack.portal.url } };
  const waits = await client.call(api.jobs.submit, { body });

  await stack.controlPlane.end('SIGTERM');
  execFileSync('cp', ['-a', files('postgres'), files('backup')]);
  await stack.startControlPlane();
  await client.call(api.agents.act, { params: { id: agent!.id, action: 'resume' } });
  expect((await stack.over(waits.id)).state).toBe('succeeded');
  gate.letOne();
  await until('the third file', 60_000, async () => (await stack.files(job.id)).length === 3);
  const signIns = answered('sign-in');
  expect(signIns).toBe(2);
  await gate.held();

  const failedAt = new Date().toISOString();
  await stack.controlPlane.end('SIGTERM');
  rmSync(files('postgres'), { recursive: true });
  execFileSync('cp', ['-a', files('backup'), files('postgres')]);
  const said = await casare(stack, 'restored', '--failed-at', failedAt, '--output', 'json');
  expect({ ...said, out: JSON.parse(said.out) as unknown }).toMatchObject({ code: 0, out: { asked: 1, leases: 1 } });
  await stack.startControlPlane();
  gate.open();

  const done = await stack.over(job.id);
  expect({ state: done.state, attempt: done.attempt, error: done.error }).toEqual({
    ...{ state: 'succeeded', attempt: 1, error: null },
  });
  // Each invoice was downloaded once, and nobody signed in again for the job that had run.
  expect(answered('download')).toBe(invoicesOf(MONTH).length);
  expect(await stateOf(waits.id)).toBe('needs_review');
  expect(answered('sign-in')).toBe(signIns);
  const { items } = await client.call(api.audit.list, { query: { log: 'installation' } });
  expect(items.map(({ action }) => action)).toContain('store.restored');
});
