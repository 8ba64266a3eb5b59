/** The agent's program with `--ephemeral` against a real control plane: an identity for each start, and none is kept. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { AgentPrograms, type AgentProgram } from './testing-agent.ts';
import { openScene, TENANT, type Scene } from './testing.ts';

const SLOW = { timeout: 30_000 };

let scene: Scene;
let folder = '';
const programs = new AgentPrograms();

beforeAll(async () => {
  scene = await openScene();
  folder = mkdtempSync(join(tmpdir(), 'casare-ephemeral-'));
});
afterEach(() => programs.end());
afterAll(async () => {
  await scene.close();
  rmSync(folder, { recursive: true, force: true });
});

const url = () => `https://127.0.0.1:${scene.ports.enrol}`;
const secretOf = (token: string) => token.split('.')[1]!;

const casareAgent = programs.start.bind(programs);

async function agents() {
  const page = await scene.fleet.agents.list(TENANT, { limit: 200 });
  if (!('items' in page)) throw new Error(page.code);
  return page.items;
}

/** The one that is connected now, and was not there before. */
function arrived(before: readonly { readonly id: string }[], started: AgentProgram) {
  return vi.waitFor(async () => {
    const found = (await agents()).find((agent) => agent.connected && !before.some(({ id }) => id === agent.id));
    expect(found, started.output).toBeDefined();
    return found!;
  }, SLOW);
}

async function tokenFile(wanted: Parameters<Scene['token']>[0]): Promise<{ file: string; token: string }> {
  const token = await scene.token(wanted);
  const file = join(mkdtempSync(join(folder, 'token-')), 'token');
  writeFileSync(file, `${token}\n`, { mode: 0o600 });
  return { file, token };
}

test('each start is another agent, also after kill -9; decommissioned, it ends; the token is nowhere', async () => {
  const { file, token } = await tokenFile({ ephemeral: true, uses: 10, networks: ['127.0.0.0/8'] });
  const home = join(folder, 'guest');
  const seen = await agents();
  const first = casareAgent(['run', '--ephemeral', '--url', url(), '--token-file', file, '--home', home]);
  const one = await arrived(seen, first);
  expect(one).toMatchObject({ ephemeral: true, state: 'active' });
  expect(readFileSync(`/proc/${first.child.pid}/cmdline`, 'utf8')).not.toContain(secretOf(token));
  first.child.kill('SIGKILL');
  await first.ended;
  expect(existsSync(join(home, 'identity.json'))).toBe(true);

  const environment = { CASARE_AGENT_URL: url(), CASARE_AGENT_TOKEN_FILE: file };
  const second = casareAgent(['run', '--ephemeral', '--home', home], environment);
  const two = await arrived([...seen, one], second);
  const twin = casareAgent(['run', '--ephemeral', '--home', home], environment);
  expect([await twin.ended, twin.output]).toEqual([1, expect.stringMatching(/^AGENT_RUNNING: /)]);
  await scene.fleet.agents.act({ tenant: TENANT, actor: 'test' }, two.id, 'decommission');
  expect([await second.ended, second.output]).toEqual([1, expect.stringMatching(/\nAGENT_GONE: [^\n]+\n$/)]);
  expect(readdirSync(home).sort()).toEqual(['audit', 'ephemeral', 'logs']);

  const third = casareAgent(['run', '--ephemeral', '--home', home], environment);
  await arrived([...seen, one, two], third);
  third.child.kill('SIGTERM');
  expect(await third.ended).toBe(0);
  expect(readdirSync(home).sort()).toEqual(['audit', 'ephemeral', 'logs']);
  const written = readFileSync(join(home, 'logs', 'agent.log'), 'utf8');
  for (const text of [written, first.output, second.output, third.output, scene.logged()]) {
    expect(text).not.toContain(secretOf(token));
  }
});

test('the home of an agent that is kept is never emptied, and a token of the wrong kind is told', async () => {
  const home = join(folder, 'kept');
  const kept = await scene.token();
  const enrolled = casareAgent(['enrol', '--url', url(), '--token-file', '-', '--home', home], {}, kept);
  expect(await enrolled.ended, enrolled.output).toBe(0);
  const { file } = await tokenFile({});
  const refused = casareAgent(['run', '--ephemeral', '--url', url(), '--token-file', file, '--home', home]);
  expect([await refused.ended, refused.output]).toEqual([1, expect.stringMatching(/^EPHEMERAL_HOME_TAKEN: /)]);
  expect(existsSync(join(home, 'identity.json'))).toBe(true);
  const other = casareAgent(['run', '--ephemeral', '--url', url(), '--token-file', file, '--home', join(folder, 'x')]);
  await vi.waitFor(() => expect(other.output).toMatch(/token is not for ephemeral agents/), SLOW);
});

test.each([
  [['enrol', '--url', 'https://127.0.0.1:1'], {}],
  [['enrol', '--url', 'https://127.0.0.1:1', '--token', 'x', '--token-file', 'y'], {}],
  [['enrol', '--url', 'https://127.0.0.1:1', '--token-file', '/does/not/exist'], {}],
  [['enrol', '--url', 'https://127.0.0.1:1', '--token-file', '-'], {}],
  [['enrol', '--token', 'casare_x'], {}],
  [['run', '--token', 'casare_x'], {}],
  [['run', '--ephemeral'], { CASARE_AGENT_URL: 'https://127.0.0.1:1' }],
])('%j is a usage error in one line', async (argv, environment) => {
  const wrong = casareAgent([...argv, '--home', join(folder, 'nowhere')], environment);
  expect([await wrong.ended, wrong.output]).toEqual([2, expect.stringMatching(/^USAGE: [^\n]+\n$/)]);
  expect(existsSync(join(folder, 'nowhere'))).toBe(false);
});
