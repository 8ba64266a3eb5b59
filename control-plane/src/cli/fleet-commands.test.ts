/** `casare agent show` and `agent set` against a running control plane. */
import type { Agent } from '@casare/shared/api';
import { beforeAll, expect, test } from 'vitest';
import { cliOfTests } from './testing.ts';

const AGENT = crypto.randomUUID();

const cli = cliOfTests();
beforeAll(async () => {
  await cli.plane.database.db.transaction((tx) =>
    tx.script(`INSERT INTO agent (tenant_id, id, name, state, site, grants, join_token_id, key_digest)
      VALUES ('default', '${AGENT}', 'press', 'active', 'plant-1', '{erp,ring=early}', 'none', 'none')`),
  );
});

const set = (...args: string[]) => cli.run(['agent', 'set', AGENT, ...args]);
async function left(...args: string[]): Promise<Agent> {
  const ran = await set(...args, '--output', 'json');
  expect(ran.code, ran.err).toBe(0);
  return JSON.parse(ran.out) as Agent;
}

test('what is said is changed, what is not stays', async () => {
  expect(await left('--grant', 'line=7', '--grant', 'erp', '--remove-grant', 'ring=early')).toMatchObject({
    ...{ name: 'press', site: 'plant-1', grants: ['erp', 'line=7'] },
  });
  expect(await left('--name', 'press-7', '--site', 'plant-2')).toMatchObject({
    ...{ name: 'press-7', site: 'plant-2', grants: ['erp', 'line=7'] },
  });
  expect(await left('--no-site')).toMatchObject({ name: 'press-7', site: null });
  const shown = await cli.run(['agent', 'show', AGENT]);
  expect(shown.out).toMatch(/^name +press-7$/m);
  expect(shown.out).toMatch(/^grants +erp line=7$/m);
});

test.each([
  [[], 'says nothing that is to be different'],
  [['--grant', 'Not A Label'], 'addGrants.0'],
  [['--grant', 'secret=portal'], 'nobody gives it'],
  [['--name', 'a\u001b[2J'], 'characters that do not show'],
])('%j is refused before anything is asked', async (args, why) => {
  const ran = await set(...args);
  expect(ran).toMatchObject({ code: 2 });
  expect(ran.err).toContain(why);
});

test('who has seen another agent changes nothing', async () => {
  const ran = await set('--name', 'late', '--if-match', '"x"');
  expect(ran).toMatchObject({ code: 1 });
  expect(ran.err).toContain('PRECONDITION_FAILED');
});
