import { describe, expect, it } from 'vitest';
import { assign, routeKey, satisfies, wantedOf, type Candidate, type Route } from './matching.decision.ts';

const route: Route = { id: 1, tenant: 'a', slot: 'browser', site: null, capabilities: ['browser.chromium'] };
const agent = (agentId: string, browser: number, change: Partial<Candidate> = {}): Candidate => ({
  tenant: 'a',
  agentId,
  site: null,
  labels: new Set(['browser.chromium']),
  free: { plain: 0, browser, desktop: 0 },
  ...change,
});
const ready = (jobId: string) => ({ jobId, tenant: 'a', routeId: 1 });

describe('matching', () => {
  it('asks for tenant, site and every capability', () => {
    expect(satisfies(agent('x', 1), route)).toBe(true);
    expect(satisfies(agent('x', 1, { tenant: 'b' }), route)).toBe(false);
    expect(satisfies(agent('x', 1, { labels: new Set() }), route)).toBe(false);
    expect(satisfies(agent('x', 1), { ...route, site: 'plant' })).toBe(false);
    expect(satisfies(agent('x', 1, { site: 'plant' }), { ...route, site: 'plant' })).toBe(true);
  });
  it('wants as many jobs as there are free slots of the kind', () => {
    const agents = [agent('x', 2), agent('y', 3), agent('z', 9, { labels: new Set() })];
    expect(wantedOf(agents, [route, { ...route, id: 2, slot: 'desktop' }], 4)).toEqual(new Map([[1, 4]]));
  });
  it('gives each job to the agent with most free slots and never more than it has', () => {
    const placed = assign(['1', '2', '3', '4'].map(ready), [agent('x', 1), agent('y', 2)], new Map([[1, route]]));
    expect(placed.map((p) => [p.job.jobId, p.agentId])).toEqual([
      ['1', 'y'],
      ['2', 'x'],
      ['3', 'y'],
    ]);
  });
  it('interns equal requirements to one key', () => {
    expect(routeKey('plain', null, ['b', 'a', 'b'])).toBe(routeKey('plain', null, ['a', 'b']));
  });
});
