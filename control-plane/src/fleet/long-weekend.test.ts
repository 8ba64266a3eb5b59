/** The long weekend: the agent's own program, off for days, comes back through the real listeners without a person. */
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { AgentPrograms, type AgentProgram } from './testing-agent.ts';
import { enrolEarlier } from './testing-past.ts';
import { openScene, TENANT, type Scene, type TestIdentity } from './testing.ts';

const DAY = 86_400_000;
const SLOW = { timeout: 12_000 };
const programs = new AgentPrograms();
let scene: Scene;
let folder = '';

beforeAll(async () => {
  scene = await openScene();
  folder = mkdtempSync(join(tmpdir(), 'casare-weekend-'));
});
afterEach(() => programs.end());
afterAll(async () => {
  await scene.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The home of an agent that was switched off. */
function homeOf(identity: TestIdentity): string {
  const home = join(folder, identity.agentId);
  mkdirSync(home, { mode: 0o700 });
  const { agentId, reply, rootPem, privateKeyPem, chainPem } = identity;
  const enrolUrl = `https://127.0.0.1:${scene.ports.enrol}/`;
  const who = { agentId, tenant: TENANT, name: 'press 3', enrolUrl, tunnelUrl: reply.tunnelUrl, declared: [] };
  const files = {
    'credential.pem': privateKeyPem + chainPem,
    'server-roots.pem': rootPem,
    'identity.json': JSON.stringify(who),
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(home, name), text, { mode: 0o600 });
  return home;
}

const run = (home: string) => programs.start(['run', '--home', home]);

function connected(id: string, program: AgentProgram) {
  return vi.waitFor(async () => {
    const found = await scene.fleet.agents.get(TENANT, id);
    expect(found, program.output).toMatchObject({ connected: true });
    return found as Extract<typeof found, { connected: boolean }>;
  }, SLOW);
}

test('an agent that was off for three days renews, connects and says so in one line', async () => {
  const identity = await enrolEarlier(scene, 3 * DAY);
  const home = homeOf(identity);
  const doctor = programs.start(['doctor', '--home', home, '--output', 'json']);
  await doctor.ended;
  const { checks } = JSON.parse(doctor.output) as { checks: { name: string; result: string; found: string }[] };
  expect(checks.find(({ name }) => name === 'identity')).toMatchObject({
    result: 'warning',
    found: expect.stringMatching(/expired at/) as string,
  });

  const first = run(home);
  const agent = await connected(identity.agentId, first);
  expect(Date.parse(agent.certificate!.notAfter)).toBeGreaterThan(Date.now() + DAY / 2);
  expect(first.output).toMatch(/the certificate has expired: renewing it over the enrol listener\n/);
  expect(first.output).toMatch(/the certificate was renewed, until [^\n]+\n/);
  // What was renewed is kept: the next start needs nothing of the kind.
  first.child.kill('SIGTERM');
  expect(await first.ended).toBe(0);
  const second = run(home);
  await connected(identity.agentId, second);
  expect(second.output).not.toMatch(/renew/);
});

test('one that was away for too long says what to do, waits, and does not hammer', async () => {
  const identity = await enrolEarlier(scene, 40 * DAY);
  const program = run(homeOf(identity));
  await vi.waitFor(() => {
    expect(program.output).toMatch(
      /not connected: RENEW_TOO_LATE: [^\n]*enrol this agent again; next try in [\d.]+ s\n/,
    );
  }, SLOW);
  const [, seconds] = /next try in ([\d.]+) s/.exec(program.output)!;
  expect(Number(seconds)).toBeGreaterThanOrEqual(1_800);
});

test('a copy of the home from before the weekend is a second holder: the agent is locked, and both are told', async () => {
  const identity = await enrolEarlier(scene, 3 * DAY);
  const home = homeOf(identity);
  const copy = `${home}-copy`;
  cpSync(home, copy, { recursive: true });
  chmodSync(copy, 0o700);
  const original = run(home);
  await connected(identity.agentId, original);
  const clone = run(copy);
  await vi.waitFor(() => expect(clone.output).toMatch(/not connected: AGENT_LOCKED: this agent is locked/), SLOW);
  expect(await scene.fleet.agents.get(TENANT, identity.agentId)).toMatchObject({ state: 'locked' });
  await vi.waitFor(() => expect(original.output).toMatch(/this agent is locked/), SLOW);
  expect(readFileSync(join(copy, 'credential.pem'), 'utf8')).toBe(identity.privateKeyPem + identity.chainPem);
});
