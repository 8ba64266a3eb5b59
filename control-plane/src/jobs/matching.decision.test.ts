import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  assign,
  onlyAgent,
  routeKey,
  satisfies,
  type Candidate,
  type Placing,
  type Route,
} from './matching.decision.ts';

const route: Route = { id: 1, tenant: 'a', slot: 'browser', site: null, capabilities: ['browser.chromium'] };
const agent = (agentId: string, change: Partial<Candidate> = {}): Candidate => ({
  ...{ tenant: 'a', agentId, site: null, labels: new Set(['browser.chromium']) },
  ...change,
});
const ready = (jobId: string, routeId = 1) => ({ jobId, tenant: 'a', routeId });
const free = (agentId: string, slots: number) => ({ agentId, free: slots, slots, load: 0, failures: 0 });

describe('matching', () => {
  it('asks for tenant, site and every capability', () => {
    expect(satisfies(agent('x'), route)).toBe(true);
    expect(satisfies(agent('x', { tenant: 'b' }), route)).toBe(false);
    expect(satisfies(agent('x', { labels: new Set() }), route)).toBe(false);
    expect(satisfies(agent('x'), { ...route, site: 'plant' })).toBe(false);
    expect(satisfies(agent('x', { site: 'plant' }), { ...route, site: 'plant' })).toBe(true);
  });

  it('knows the one agent that a job is for by its id, whatever was granted to others', () => {
    const only = { ...route, capabilities: ['browser.chromium', onlyAgent('x')] };
    expect(satisfies(agent('x'), only)).toBe(true);
    expect(satisfies(agent('y'), only)).toBe(false);
    expect(satisfies(agent('y', { labels: new Set(['browser.chromium', onlyAgent('x')]) }), only)).toBe(false);
  });

  it('gives each job to the best agent and never more than it has', () => {
    const placings = new Map([[1, { route, agents: [free('x', 1), free('y', 2)] }]]);
    const placed = assign(
      ['1', '2', '3', '4'].map((id) => ready(id)),
      placings,
      () => 0,
    );
    expect(placed.map((p) => [p.job.jobId, p.agentId])).toEqual([
      ['1', 'x'],
      ['2', 'y'],
      ['3', 'y'],
    ]);
  });

  it('counts a slot once for all routes of its kind', () => {
    const other = { ...route, id: 2 };
    const desktop = { ...route, id: 3, slot: 'desktop' as const };
    const placings = new Map<number, Placing>(
      [route, other, desktop].map((of) => [of.id, { route: of, agents: [free('x', 1)] }]),
    );
    const placed = assign([ready('1', 1), ready('2', 2), ready('3', 3), ready('4', 9)], placings, () => 0);
    expect(placed.map((p) => p.job.jobId)).toEqual(['1', '3']);
  });

  it('leaves no job out that an agent has room for, and keeps to the order of the jobs', () => {
    const slots = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 50 });
    fc.assert(
      fc.property(
        slots,
        fc.integer({ min: 0, max: 60 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (frees, n, at) => {
          const agents = frees.map((slot, index) => free(`agent ${index}`, slot));
          const jobs = Array.from({ length: n }, (_, index) => ready(`job ${index}`));
          const placed = assign(jobs, new Map([[1, { route, agents }]]), () => at);
          const room = frees.reduce((sum, slot) => sum + slot, 0);
          expect(placed.map((p) => p.job)).toEqual(jobs.slice(0, room));
          for (const { agentId, free: had } of agents) {
            expect(placed.filter((p) => p.agentId === agentId).length).toBeLessThanOrEqual(had);
          }
        },
      ),
    );
  });

  it('interns equal requirements to one key', () => {
    expect(routeKey('plain', null, ['b', 'a', 'b'])).toBe(routeKey('plain', null, ['a', 'b']));
  });
});
