/** Two control planes on one database: they share one home, and a second home is turned away before it changes anything. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { api } from '@casare/shared/api';
import { createClient } from '@casare/shared/client';
import { startControlPlane } from './main.ts';
import { readConfig } from './platform/config.ts';
import { startTestControlPlane, type TestControlPlane } from './testing.ts';

let plane: TestControlPlane;
beforeAll(async () => {
  plane = await startTestControlPlane();
});
afterAll(() => plane.close());

function second(home: string, env: Record<string, string> = {}) {
  const ports = { CASARE_WEB_PORT: '0', CASARE_ENROL_PORT: '0', CASARE_TUNNEL_PORT: '0' };
  const own = { CASARE_HOME: home, CASARE_DATABASE_URL: plane.database.url, CASARE_LOG_LEVEL: 'silent' };
  return startControlPlane(readConfig({ ...ports, ...own, ...env }));
}

test('a replica on the same home serves with the same key', async () => {
  const replica = await second(plane.home);
  const { web } = replica.urls;
  const client = createClient({ url: web, apiKey: plane.admin.apiKey });
  const me = await client.call(api.auth.me, {});
  await replica.stop();
  expect(me).toMatchObject({ role: 'owner' });
  expect(replica.admin.apiKey).toBe(plane.admin.apiKey);
  expect(await plane.client.call(api.auth.me, {})).toMatchObject({ role: 'owner' });
});

test('a port that the other one has is refused', async () => {
  const taken = new URL(plane.url).port;
  await expect(second(plane.home, { CASARE_WEB_PORT: taken })).rejects.toMatchObject({ code: 'PORT_IN_USE' });
});

test('another home is turned away, and the key of the first one goes on', async () => {
  const other = await mkdtemp(path.join(tmpdir(), 'casare-other-home-'));
  await expect(second(other)).rejects.toMatchObject({ code: 'CA_KEY_UNUSABLE' });
  expect(await readdir(other)).not.toContain('admin.json');
  expect(await plane.client.call(api.auth.me, {})).toMatchObject({ role: 'owner' });
  await rm(other, { recursive: true, force: true });
});
