/**
 * Agents in networks that let nothing out but through a proxy: one that asks for credentials, and one that inspects
 * TLS, which is refused until the agent goes inside a WebSocket of the web address. Real programs on both ends.
 */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { api } from '@casare/shared/client';
import { type InspectionCa, inspectionCa, TestProxy } from '../../edge-agent/src/network/proxy-for-tests.ts';
import { casareAgent, type Ran } from '../support/cli.ts';
import { Gate } from '../support/gate.ts';
import { type Program, startProgram } from '../support/program.ts';
import { startStack, type Stack, until } from '../support/stack.ts';

const PASSWORD = 'canary-hunter2';
const DOCUMENT = `
document: { dsl: '1.0.3', namespace: e2e, name: hello, version: '1.0.0' }
do:
  - greet: { set: { hello: world } }
`;

let stack: Stack;
let inspection: InspectionCa;
let open: { stop(): Promise<void> }[] = [];
let agents: Program[] = [];
beforeAll(async () => {
  stack = await startStack(new Gate(Infinity));
  inspection = inspectionCa('Acme Inspection');
});
afterEach(async () => {
  for (const agent of agents) await agent.end();
  for (const proxy of open) await proxy.stop();
  [open, agents] = [[], []];
});
afterAll(() => stack.stop());

it('through a CONNECT proxy with credentials: enrols, runs a job, and shows the password nowhere', async () => {
  const proxy = await started(TestProxy.start({ credentials: `agent:${PASSWORD}` }));
  const secret = path.join(stack.home, 'proxy-auth');
  await writeFile(secret, `agent:${PASSWORD}\n`, { mode: 0o600 });
  const none = await enrol('proxied', 'room=proxied', '--proxy', proxy.url);
  expect(none).toMatchObject({ code: 1, out: '' });
  expect(none.err).toMatch(/^PROXY_AUTH_REQUIRED: .*--proxy-auth-file\n$/);

  expect(await enrol('proxied', 'room=proxied', '--proxy-auth-file', secret)).toMatchObject({ code: 0, err: '' });
  await runsAJob('proxied', 'room=proxied');
  expect(proxy.passed.length).toBeGreaterThan(3);
  const status = await casareAgent('status', '--home', home('proxied'));
  expect(status.out).toMatch(new RegExp(`through the proxy 127.0.0.1:${proxy.port}`));
  const doctor = await doctorOf('proxied');
  expect(doctor).toMatchObject({ proxy: 'ok', interception: 'ok', tunnel: 'ok', clock: 'ok' });
  const kept = await readFile(path.join(home('proxied'), 'network.json'), 'utf8');
  const log = await readFile(path.join(home('proxied'), 'logs', 'agent.log'), 'utf8');
  expect(kept + log + status.out).not.toContain('canary');
});

it('an inspecting proxy is refused by name; a carrier through the same proxy works', async () => {
  const inspecting = await started(TestProxy.start({ inspectsAs: inspection }));
  const refused = await enrol('inspected', 'room=inspected', '--proxy', inspecting.url);
  expect(refused).toMatchObject({ code: 1, out: '' });
  expect(refused.err).toMatch(/^TLS_INTERCEPTED: .*issued by "CN=Acme Inspection".*--carrier.*\n$/);

  // This stack's web is plain HTTP behind a TLS proxy: the inspecting one.
  const ending = await started(TestProxy.start({ inspectsAs: inspection, endsTls: true }));
  const web = `wss://${new URL(stack.url).host}`;
  const ca = path.join(stack.home, 'inspection-ca.pem');
  await writeFile(ca, inspection.caPem);
  const carrier = ['--proxy', ending.url, '--carrier', web];
  const unknown = await enrol('inspected', 'room=inspected', ...carrier);
  expect(unknown.err).toMatch(/^OUTER_TLS_UNTRUSTED: .*"CN=Acme Inspection".*--ca-file.*\n$/);
  expect(await enrol('inspected', 'room=inspected', '--ca-file', ca)).toMatchObject({ code: 0, err: '' });
  await runsAJob('inspected', 'room=inspected');
  expect(new Set(ending.passed)).toEqual(new Set([new URL(stack.url).host]));
  expect(await doctorOf('inspected')).toMatchObject({ 'way out': 'ok', interception: 'ok', tunnel: 'ok', clock: 'ok' });
});

it('an agent whose way gets inspected says so in log, status and doctor, and nothing is accepted', async () => {
  expect(await enrol('later', 'room=later')).toMatchObject({ code: 0, err: '' });
  const inspecting = await started(TestProxy.start({ inspectsAs: inspection }));
  expect(await casareAgent('network', 'set', '--proxy', inspecting.url, '--home', home('later'))).toMatchObject({
    code: 0,
  });
  start('later');
  const status = await until('the diagnosis', 30_000, async () => {
    const { out } = await casareAgent('status', '--home', home('later'));
    return out.includes('TLS_INTERCEPTED') && out;
  });
  expect(status).toContain('CN=Acme Inspection');
  expect(await readFile(path.join(home('later'), 'logs', 'agent.log'), 'utf8')).toMatch(/TLS_INTERCEPTED.*Acme/);
  const doctor = await casareAgent('doctor', '--home', home('later'), '--output', 'json');
  const { checks } = JSON.parse(doctor.out) as {
    checks: { name: string; result: string; code: string; found: string }[];
  };
  const check = checks.find(({ name }) => name === 'interception');
  expect(check).toMatchObject({ code: 'TLS_INTERCEPTED', found: expect.stringContaining('Acme') as string });
});

async function started(proxy: Promise<TestProxy>): Promise<TestProxy> {
  open.push(await proxy);
  return proxy;
}

function home(name: string): string {
  return path.join(stack.home, name);
}

async function enrol(name: string, tag: string, ...flags: string[]): Promise<Ran> {
  const { token } = await stack.client.call(api.joinTokens.create, { body: { autoApprove: true, tags: [tag] } });
  const common = ['--url', stack.enrolUrl, '--token', token, '--home', home(name), '--name', name];
  return casareAgent('enrol', ...common, ...flags);
}

function start(name: string): void {
  const env = { ...process.env, CASARE_BROWSER: '/does/not/exist' };
  const args = ['run', '--home', home(name)];
  agents.push(startProgram('edge-agent/dist/cli/main.js', args, env, path.join(stack.home, `${name}.log`)));
}

async function runsAJob(name: string, tag: string): Promise<void> {
  start(name);
  const { id } = await stack.client.call(api.workflows.push, { body: DOCUMENT, mediaType: 'application/yaml' });
  const job = await stack.client.call(api.jobs.submit, { body: { workflow: id, input: {}, requires: [tag] } });
  expect((await stack.over(job.id)).state).toBe('succeeded');
}

async function doctorOf(name: string): Promise<Record<string, string>> {
  const { out } = await casareAgent('doctor', '--home', home(name), '--output', 'json');
  const { checks } = JSON.parse(out) as { checks: { name: string; result: string }[] };
  return Object.fromEntries(checks.map(({ name: check, result }) => [check, result]));
}
