import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SlotKind } from '@casare/shared/protocol';
import {
  assign,
  onlyAgent,
  routeKey,
  satisfies,
  type Candidate,
  type Placing,
  type Route,
} from './matching.decision.ts';
import { RouteIndex, type IndexedAgent } from './route-index.ts';

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

  it('places a job only where it fits, never above the slots, and leaves none out that fits somewhere', () => {
    const LABELS = ['os=linux', 'team=blue', 'gpu=yes'];
    const KINDS: readonly SlotKind[] = ['plain', 'browser', 'desktop'];
    const where = fc.record({
      tenant: fc.constantFrom('a', 'b'),
      site: fc.constantFrom(null, 'plant', 'office'),
      labels: fc.subarray(LABELS),
    });
    const fleet = fc.array(
      fc.record({
        at: where,
        active: fc.boolean(),
        slots: fc.record({ plain: fc.nat(3), browser: fc.nat(3), desktop: fc.nat(3) }),
      }),
      { maxLength: 12 },
    );
    const demand = fc.array(fc.record({ at: where, slot: fc.constantFrom(...KINDS) }), { minLength: 1, maxLength: 8 });
    const queue = fc.array(fc.nat(7), { maxLength: 40 });
    fc.assert(
      fc.property(fleet, demand, queue, fc.double({ min: 0, max: 0.999, noNaN: true }), (some, wants, jobs, at) => {
        const agents = some.map(({ at: { labels, ...of }, active, slots }, n): IndexedAgent => {
          return { ...of, agentId: `agent ${n}`, labels: new Set(labels), active, slots };
        });
        const routes = wants.map(({ at: { labels, ...of }, slot }, n): Route => {
          return { ...of, id: n, slot, capabilities: labels };
        });
        const index = new RouteIndex();
        for (const one of agents) index.put(one, { plain: 0, browser: 0, desktop: 0 });
        for (const one of routes) index.add(one);
        const placings = new Map(
          routes.map((of) => {
            const known = index.candidates(of.id).map((one) => ({ ...one, load: 0, failures: 0 }));
            return [of.id, { route: of, agents: known }];
          }),
        );
        const waiting = jobs.map((id, n) => ({ ...ready(`job ${n}`, id), tenant: routes[id]?.tenant ?? 'a' }));
        const placed = assign(waiting, placings, () => at);

        const taken = (agentId: string, slot: SlotKind): number =>
          placed.filter((one) => one.agentId === agentId && one.route.slot === slot).length;
        for (const { agentId, slots } of agents) {
          for (const kind of KINDS) expect(taken(agentId, kind)).toBeLessThanOrEqual(slots[kind]);
        }
        for (const { agentId, route: of } of placed) {
          const chosen = agents.find((one) => one.agentId === agentId)!;
          expect(chosen.active && satisfies(chosen, of)).toBe(true);
        }
        expect(new Set(placed.map(({ job }) => job.jobId)).size).toBe(placed.length);
        const isPlaced = new Set(placed.map(({ job }) => job.jobId));
        for (const { jobId, routeId } of waiting.filter((one) => !isPlaced.has(one.jobId))) {
          const of = routes[routeId];
          const room = agents.filter(
            (one) => of && one.active && satisfies(one, of) && taken(one.agentId, of.slot) < one.slots[of.slot],
          );
          expect([jobId, room.map((one) => one.agentId)]).toEqual([jobId, []]);
        }
      }),
    );
  });

  it('interns equal requirements to one key', () => {
    expect(routeKey('plain', null, ['b', 'a', 'b'])).toBe(routeKey('plain', null, ['a', 'b']));
  });
});
