/** What a claim may ask for and take of tenants whose jobs at once are limited; pure. */
import type { ReadyJob } from './matching.decision.ts';

/** `wanted` without routes of tenants that have no room, and for no more than the room of the others. */
export function withinRoom(
  wanted: ReadonlyMap<number, number>,
  tenantOf: (routeId: number) => string | undefined,
  room: ReadonlyMap<string, number>,
): Map<number, number> {
  const asked = new Map<number, number>();
  for (const [routeId, n] of wanted) {
    const left = room.get(tenantOf(routeId) ?? '') ?? n;
    if (left > 0) asked.set(routeId, Math.min(n, left));
  }
  return asked;
}

/** Of jobs, best first, those that fit into the room of their tenants: a tenant's routes share it. */
export function fitting<Job extends Pick<ReadyJob, 'tenant'>>(
  jobs: readonly Job[],
  room: ReadonlyMap<string, number>,
): readonly Job[] {
  if (room.size === 0) return jobs;
  const left = new Map(room);
  return jobs.filter(({ tenant }) => {
    const more = left.get(tenant);
    if (more === undefined) return true;
    if (more <= 0) return false;
    left.set(tenant, more - 1);
    return true;
  });
}
