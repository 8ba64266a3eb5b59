/** The index against comparing everything with everything, after any history of agents, routes and leases. */
import type { SlotKind, Slots } from '@casare/shared/protocol';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { satisfies, type Route } from './matching.decision.ts';
import { RouteIndex, type IndexedAgent } from './route-index.ts';

const KINDS = ['plain', 'browser', 'desktop'] as const;
const LABELS = ['os=linux', 'team=blue', 'gpu=yes'];
const labels = fc.subarray(LABELS);
const site = fc.constantFrom(null, 'plant', 'office');
const tenant = fc.constantFrom('a', 'b');
const slots = fc.record({ plain: fc.nat(3), browser: fc.nat(3), desktop: fc.nat(3) });
const name = fc.constantFrom('x', 'y', 'z');

type Step =
  | { readonly do: 'put'; readonly agent: IndexedAgent; readonly taken: Slots }
  | { readonly do: 'drop'; readonly agentId: string }
  | { readonly do: 'change'; readonly agentId: string; readonly slot: SlotKind; readonly by: 1 | -1 }
  | { readonly do: 'add'; readonly route: Omit<Route, 'id'> };

const steps = fc.array(
  fc.oneof(
    fc.record({
      do: fc.constant('put' as const),
      agent: fc.record({
        ...{ tenant, agentId: name, site, slots, active: fc.boolean() },
        labels: labels.map((some) => new Set(some)),
      }),
      taken: slots,
    }),
    fc.record({ do: fc.constant('drop' as const), agentId: name }),
    fc.record({
      ...{ do: fc.constant('change' as const), agentId: name },
      slot: fc.constantFrom(...KINDS),
      by: fc.constantFrom(1 as const, -1 as const),
    }),
    fc.record({
      do: fc.constant('add' as const),
      route: fc.record({ tenant, site, slot: fc.constantFrom(...KINDS), capabilities: labels }),
    }),
  ),
  { maxLength: 40 },
);

it('always knows what a comparison of all agents with all routes would find', () => {
  fc.assert(
    fc.property(steps, (history: readonly Step[]) => {
      const index = new RouteIndex();
      const agents = new Map<string, { agent: IndexedAgent; free: Record<SlotKind, number> }>();
      const routes: Route[] = [];
      for (const step of history) {
        if (step.do === 'put') {
          const free = Object.fromEntries(KINDS.map((kind) => [kind, step.agent.slots[kind] - step.taken[kind]]));
          agents.set(step.agent.agentId, { agent: step.agent, free: free as Record<SlotKind, number> });
          index.put(step.agent, step.taken);
        } else if (step.do === 'drop') {
          agents.delete(step.agentId);
          index.drop(step.agentId);
        } else if (step.do === 'change') {
          const known = agents.get(step.agentId);
          if (known) known.free[step.slot] += step.by;
          index.change(step.agentId, step.slot, step.by);
        } else {
          routes.push({ ...step.route, id: routes.length + 1 });
          index.add(routes.at(-1)!);
          index.add(routes.at(-1)!);
        }
        for (const route of routes) {
          const able = [...agents.values()].filter(
            ({ agent, free }) => agent.active && satisfies(agent, route) && free[route.slot] > 0,
          );
          const room = able.reduce((sum, { free }) => sum + free[route.slot], 0);
          expect(index.wanted(4).get(route.id) ?? 0).toBe(Math.min(room, 4));
          expect(
            index
              .candidates(route.id)
              .map(({ agentId }) => agentId)
              .sort(),
          ).toEqual(able.map(({ agent }) => agent.agentId).sort());
        }
      }
    }),
  );
});
