import { expect, test } from 'vitest';
import type { Route } from './matching.decision.ts';
import {
  agentsOf,
  countCodes,
  firstUnmet,
  nearestFirst,
  summarise,
  type AgentFitness,
  type Asked,
  type Unmet,
} from './why-pending.decision.ts';

const agent: AgentFitness = {
  ...{ id: 'a1', name: 'press 7', state: 'active', connected: true, site: 'berlin' },
  labels: new Set(['os=linux', 'browser.chromium']),
  declared: new Set(['printer']),
  slots: { plain: 2, browser: 1, desktop: 0 },
  busy: { plain: 0, browser: 1, desktop: 0 },
};
const route: Route = { id: 1, tenant: 't', slot: 'plain', site: 'berlin', capabilities: ['os=linux'] };
const free: Asked = { wait: null, ahead: 0 };
const sessions = (how: string): Set<string> => new Set(['os=linux', `session=${how}`]);
const later: Asked = { wait: { notBefore: new Date('2030-01-01T00:00:00Z'), holder: null }, ahead: 0 };

// What is mended first is said first: each line also breaks what the lines after it break.
test.each<[Unmet['code'], string, Partial<AgentFitness>, Partial<Route>, Asked]>([
  ['OTHER_AGENT', 'for another agent', { state: 'pending' }, { capabilities: ['agent=a2'] }, free],
  ['NOT_APPROVED', 'approve it', { state: 'pending', site: 'x' }, {}, free],
  ['LOCKED', 'is locked', { state: 'locked', site: 'x' }, {}, free],
  ['LOCKED', 'is suspect', { state: 'suspect', site: 'x' }, {}, free],
  ['NOT_ACTIVE', 'is paused', { state: 'paused', site: 'x' }, {}, free],
  ['NOT_ACTIVE', 'is draining', { state: 'draining', site: 'x' }, {}, free],
  ['MAINTENANCE', 'maintenance', {}, { site: 'x' }, { ...free, closed: { agents: ['a1'], sites: [] } }],
  ['MAINTENANCE', 'its site', {}, { site: 'x' }, { ...free, closed: { agents: [], sites: ['berlin'] } }],
  ['OTHER_SITE', 'is at site (none), the job wants berlin', { site: null, labels: new Set() }, {}, free],
  ['MISSING_CAPABILITY', 'lacks os=windows', {}, { capabilities: ['os=windows'], slot: 'desktop' }, free],
  ['MISSING_CAPABILITY', 'neither probed nor granted', {}, { capabilities: ['printer'], slot: 'desktop' }, free],
  [
    'SECRET_NOT_SEALED',
    'secret pin is not sealed to its key',
    {},
    { capabilities: ['secret=pin'], slot: 'desktop' },
    free,
  ],
  ['MISSING_CAPABILITY', 'lacks z=1', {}, { capabilities: ['secret=pin', 'z=1'] }, free],
  ['NO_SUCH_SLOT', 'has no desktop slot', { connected: false }, { slot: 'desktop' }, free],
  ['NO_SUCH_SLOT', 'desktop slot now: its screen is locked', { labels: sessions('locked') }, { slot: 'desktop' }, free],
  ['NO_SUCH_SLOT', 'its session is disconnected', { labels: sessions('disconnected') }, { slot: 'desktop' }, free],
  ['OFFLINE', 'is not connected', { connected: false }, { slot: 'browser' }, free],
  ['NO_FREE_SLOT', 'all 1 browser slots are busy', {}, { slot: 'browser' }, free],
  ['NONE', 'as soon as it may start', {}, { capabilities: ['agent=a1'] }, later],
  ['NONE', 'should start', {}, {}, { ...free, closed: { agents: ['a2'], sites: ['paris'] } }],
  ['NONE', 'as soon as it may start', {}, {}, { ...free, routeClosed: 'paused' }],
  [
    'NONE',
    'as soon as it may start',
    {},
    {},
    { ...free, heldBy: { code: 'TENANT_SUSPENDED', limit: null, used: null } },
  ],
  ['NONE', '3 jobs better or older before it', {}, {}, { wait: null, ahead: 3 }],
  ['NONE', 'should start within a second', {}, { site: null }, free],
])('%s: %s', (code, reason, more, wants, asked) => {
  const unmet = firstUnmet({ ...agent, ...more }, { ...route, ...wants }, asked);
  expect(unmet.code).toBe(code);
  expect(unmet.reason).toContain(reason);
});

const many = [
  { code: 'OFFLINE', agents: 4_000 },
  { code: 'NONE', agents: 2 },
];
const quota: Asked = { wait: null, ahead: 4, heldBy: { code: 'QUOTA_CONCURRENT_JOBS', limit: 2, used: 2 } };
const suspended: Asked = { ...later, heldBy: { code: 'TENANT_SUSPENDED', limit: null, used: null } };
test.each<[string, { code: string; agents: number }[], Asked]>([
  ['quota: 2 jobs may run at once, and 2 do. 4 jobs on its route come before it.', many, quota],
  ['quota: 2 jobs may run at once, and 2 do. 4 jobs', [{ code: 'NO_FREE_SLOT', agents: 3 }], quota],
  // The end of the quota would not help it.
  ['None of 5 agents can run it.', [{ code: 'LOCKED', agents: 5 }], quota],
  ['suspended: no job begins', many, suspended],
  ['It may not start before 2030-01-01T00:00:00.000Z.', many, later],
  ['paused or in maintenance: new press.', many, { ...later, routeClosed: 'new press' }],
  ['It waits for job j1, which has', many, { wait: { notBefore: null, holder: 'j1' }, ahead: 0 }],
  ['has stopped, or its lease', many, { wait: { notBefore: null, holder: null, stopping: true }, ahead: 0 }],
  ['No agent is enrolled', [], free],
  ['2 of 4002 agents can run it now.', many, free],
  ['now. 1 job on its route comes before it.', many, { wait: null, ahead: 1 }],
  ['now. 70 jobs on its route come before it.', many, { wait: null, ahead: 70 }],
  ['now. 100 jobs or more on its route come before it.', many, { wait: null, ahead: 100 }],
  ['when one of 3 busy agents has a free slot.', [{ code: 'NO_FREE_SLOT', agents: 3 }], free],
  ['None of 5 agents can run it.', [{ code: 'LOCKED', agents: 5 }], { wait: null, ahead: 9 }],
])('%s', (sentence, counts, asked) => {
  expect(summarise(counts, asked, 100)).toContain(sentence);
});

test('answers are counted by code, and those that are nearest to running it come first', () => {
  const answers = (['OFFLINE', 'NONE', 'OFFLINE', 'OTHER_SITE'] as const).map((code) => ({ code, reason: '' }));
  expect(countCodes(answers)).toEqual([
    { code: 'OFFLINE', agents: 2 },
    { code: 'NONE', agents: 1 },
    { code: 'OTHER_SITE', agents: 1 },
  ]);
  expect(agentsOf(countCodes(answers), 'NO_FREE_SLOT')).toBe(0);
  expect(answers.sort(nearestFirst).map(({ code }) => code)).toEqual(['NONE', 'OFFLINE', 'OFFLINE', 'OTHER_SITE']);
});
