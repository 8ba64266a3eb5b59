/** What is taken away with an agent, and what is not. That the control plane decommissions it is tested with a real one. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type AgentHome, agentHome, makeHome } from '../identity/index.ts';
import { Outbox } from '../outbox/index.ts';
import { purge } from './purge.ts';

let folder = '';
let home: AgentHome;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'casare-purge-'));
  home = agentHome(join(folder, 'home'), {});
  makeHome(home);
  Outbox.open({ file: home.outbox }).close();
  for (const path of [home.credential, home.sealingKey, join(home.root, 'agent.yaml')]) writeFileSync(path, 'x');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('an agent without an identity leaves nothing', async () => {
  expect(await purge(home)).toEqual(['not decommissioned: there was no identity', `removed: ${home.root}`]);
  expect(existsSync(home.root)).toBe(false);
  expect(await purge(home)).toEqual([`nothing: ${home.root} does not exist`]);
});

test('where it met worker hosts nothing of it is left, and nothing of others is touched', async () => {
  const place = join(folder, 'workers');
  mkdirSync(join(place, 'runs/1'), { recursive: true });
  for (const name of ['key.json', 'runs/1/orders.csv', 'notes']) writeFileSync(join(place, name), 'x');
  await purge(home, { workerSocket: join(place, 'host.sock') });
  expect(readdirSync(place)).toEqual(['notes']);
});

test('what is not the agent’s stays, and is named', async () => {
  mkdirSync(join(home.root, 'photos'));
  for (const name of ['film.part', 'film.12.part', 'agent.yaml.12.part', 'status.json.0af1.part'])
    writeFileSync(join(home.root, name), 'x');
  expect((await purge(home)).at(-1)).toBe('kept: film.12.part, film.part, photos');
  expect(readdirSync(home.root).toSorted()).toEqual(['film.12.part', 'film.part', 'photos']);
});

test('a control plane that is not reached keeps nobody from going, and it is said', async () => {
  const identity = { agentId: '01a21ab0-0000-7000-8000-000000000000', tenant: 't', name: 'n', declared: [] };
  const urls = { enrolUrl: 'https://127.0.0.1:9/', tunnelUrl: 'wss://127.0.0.1:9/tunnel' };
  writeFileSync(home.identity, JSON.stringify({ ...identity, ...urls }));
  expect((await purge(home, { reachMs: 2_000 }))[0]).toMatch(/^not decommissioned.*do that at the control plane$/);
  expect(existsSync(home.root)).toBe(false);
});

test('an agent that runs is not touched', async () => {
  const running = Outbox.open({ file: home.outbox });
  await expect(purge(home)).rejects.toMatchObject({ code: 'AGENT_RUNNING' });
  running.close();
  expect(existsSync(home.credential)).toBe(true);
});
