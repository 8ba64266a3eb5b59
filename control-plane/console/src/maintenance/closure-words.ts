/** What is closed, and when, as people say it. Pure. */
import type { Agent, Closure, ClosureTimes, RouteView } from '@casare/shared/api';
import { exactWords } from '../words.ts';

const DAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'] as const;
export const SCOPE_WORDS: Readonly<Record<Closure['scope'], string>> = { route: 'Route', site: 'Site', agent: 'Agent' };

/** Until when, or at which times. */
export function timesWords(times: ClosureTimes): string {
  switch (times.kind) {
    case 'always':
      return 'until it is ended';
    case 'once':
      return `${exactWords(times.from)} to ${exactWords(times.to)}`;
    case 'weekly': {
      const days = times.days.toSorted((a, b) => a - b).map((day) => dayWords(day));
      return `${days.join(', ')} at ${times.start} for ${times.minutes} minutes (${times.timeZone})`;
    }
  }
}

/** 1 is Monday. */
export function dayWords(day: number): string {
  return DAYS[day - 1] ?? String(day);
}

/** What jobs of a route need. */
export function routeWords({ slot, site, capabilities }: RouteView): string {
  return [`${slot} slot`, ...(site === null ? [] : [`site ${site}`]), ...capabilities].join(', ');
}

/** The name of what is closed, where it is known. */
export function targetWords(
  { scope, target }: Pick<Closure, 'scope' | 'target'>,
  routes: readonly RouteView[],
  agents: readonly Agent[],
): string {
  if (scope === 'agent') return agents.find(({ id }) => id === target)?.name ?? target;
  if (scope === 'site') return target;
  const route = routes.find(({ id }) => id === target);
  return route ? `${target}: ${routeWords(route)}` : target;
}
