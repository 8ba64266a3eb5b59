/** Thousands of agents are counted in SQL: the count says what the table says of each of them. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { countCodes, firstUnmet } from '../jobs/index.ts';
import { sql } from '../platform/database/index.ts';
import { testDatabase, type TestDatabase } from '../platform/database/testing.ts';
import { agentCounts, agentFitness } from './fitness.ts';

// Every state with every way of being connected, at two sites and none, with and without slots, free and busy.
const addFleet = sql(
  'testAddFleet',
  `WITH t AS (INSERT INTO tenant (id, name) VALUES ('default', 'Default'), ('other', 'Other') RETURNING id),
   g AS (INSERT INTO gateway (id, heartbeat_at) VALUES
     ('00000000-0000-4000-8000-000000000001', now()), ('00000000-0000-4000-8000-000000000002', now() - interval '1 day')),
   kinds AS (
     SELECT gen_random_uuid() AS id, t.id AS tenant_id, state, site, presence, slots, busy FROM t,
       unnest(ARRAY['pending', 'active', 'active', 'paused', 'draining', 'suspect', 'locked', 'decommissioned']) AS state,
       unnest(ARRAY['berlin', 'paris', NULL]) AS site, unnest(ARRAY['live', 'dead', 'closed', 'never']) AS presence,
       unnest(ARRAY[0, 1, 2]) AS slots, unnest(ARRAY[0, 1]) AS busy
   ), a AS (
     INSERT INTO agent (tenant_id, id, name, state, site, grants, declared, capabilities, slots, join_token_id, key_digest,
       sealed_labels)
     SELECT tenant_id, id, presence, state, site, ARRAY['team=blue'], ARRAY['printer'],
       CASE WHEN busy = 1 THEN ARRAY['os=linux', 'printer'] ELSE ARRAY['os=linux'] END,
       jsonb_build_object('plain', slots, 'browser', 0, 'desktop', 0), 't', id::text,
       CASE WHEN slots = 2 THEN ARRAY['secret=pin'] ELSE '{}' END FROM kinds
     RETURNING id
   ), s AS (
     INSERT INTO agent_session (tenant_id, agent_id, session_id, gateway_id, instance, epoch)
     SELECT tenant_id, id, id, CASE presence WHEN 'live' THEN '00000000-0000-4000-8000-000000000001'::uuid
       WHEN 'dead' THEN '00000000-0000-4000-8000-000000000002' END, id, 1 FROM kinds WHERE presence <> 'never'
   )
   INSERT INTO job_lease (tenant_id, job_id, attempt, agent_id, slot)
   SELECT tenant_id, gen_random_uuid(), 1, id, 'plain' FROM kinds WHERE busy = 1`,
);
const anAgent = sql<{ id: string }>(
  'testAnAgent',
  `SELECT id FROM agent WHERE tenant_id = 'default' AND state = 'active' ORDER BY id LIMIT 1`,
);

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
  await database.db.execute(addFleet());
});
afterAll(() => database.close());

it.each([
  ['anything', null, [], 'plain'],
  ['a site', 'berlin', ['os=linux'], 'plain'],
  ['a grant', null, ['os=linux', 'team=blue'], 'plain'],
  ['what only some have', null, ['printer'], 'plain'],
  ['a sealed secret', null, ['os=linux', 'secret=pin'], 'plain'],
  ['a sealed secret and what only some have', null, ['printer', 'secret=pin'], 'plain'],
  ['what nobody has', 'paris', ['os=windows'], 'plain'],
  ['a slot that nobody has', null, [], 'desktop'],
  ['one agent', null, ['agent=', 'os=linux'], 'plain'],
] as const)('a job that wants %s', async (_, site, capabilities, slot) => {
  const { db } = database;
  const [one] = await db.query(anAgent());
  const wanted = capabilities.map((capability) => (capability === 'agent=' ? `agent=${one!.id}` : capability));
  const route = { id: 0, tenant: 'default', slot, site, capabilities: wanted };
  const closed = { agents: [one!.id], sites: site === null ? ['paris'] : [] };
  const agents = await agentFitness(db, 'default');
  expect(agents).toHaveLength(576);
  const each = agents.map((agent) => firstUnmet(agent, route, { wait: null, ahead: 0, closed }));
  expect(await agentCounts(db, 'default', route, closed)).toEqual(countCodes(each));
});
