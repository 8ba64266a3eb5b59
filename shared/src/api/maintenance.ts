/** Routes, pausing them, and maintenance windows: what gets no new jobs for a time. What runs already goes on. */
import { z } from 'zod';
import { Capability, SlotKind } from '../protocol/messages.ts';
import { endpoint } from './endpoint.ts';
import { FILTERS, IdParams, paged, time } from './page.ts';

/** Whether it is an IANA time zone that this runtime knows. */
export const isZone = (name: string): boolean => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
};

/** `always`: until it is opened again. Days are 1 (Monday) to 7, `start` by the wall clock of the zone. */
export const ClosureTimes = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('always') }),
  z
    .strictObject({ kind: z.literal('once'), from: time, to: time })
    .refine(({ from, to }) => Date.parse(from) < Date.parse(to), 'ends before it begins'),
  z.strictObject({
    kind: z.literal('weekly'),
    days: z.array(z.int().min(1).max(7)).min(1).max(7),
    start: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'is not a time of day such as 22:30'),
    minutes: z.int().min(1).max(1_440),
    timeZone: z.string().max(64).refine(isZone, 'is not a time zone such as Europe/Berlin'),
  }),
]);
export type ClosureTimes = z.infer<typeof ClosureTimes>;

export const ClosureRequest = z.strictObject({
  scope: z.enum(['route', 'site', 'agent']),
  /** A route's number, a site's name, an agent's id. */
  target: z.string().min(1).max(100),
  reason: z.string().min(1).max(500),
  times: ClosureTimes,
});
export type ClosureRequest = z.infer<typeof ClosureRequest>;

export const Closure = z
  .object({
    ...ClosureRequest.shape,
    id: z.uuid(),
    /** Whether it closes its target now. */
    closed: z.boolean(),
    createdBy: z.string(),
    createdAt: time,
  })
  .meta({ id: 'MaintenanceWindow' });
export type Closure = z.infer<typeof Closure>;

export const RouteView = z
  .object({
    id: z.string(),
    slot: SlotKind,
    site: z.string().nullable(),
    capabilities: z.array(Capability),
    /** By a person, until it is resumed. */
    paused: z.boolean(),
    /** Jobs that are ready on it, counted up to 10,000. */
    ready: z.int(),
  })
  .meta({ id: 'Route' });
export type RouteView = z.infer<typeof RouteView>;

const RouteParams = z.object({ id: z.string().regex(/^[1-9]\d{0,14}$/) });

export const routes = {
  list: endpoint({
    id: 'routes.list',
    method: 'GET',
    path: '/routes',
    summary: 'Lists routes: the sets of requirements that jobs share; newest first.',
    permission: 'agents:read',
    ...paged(RouteView, { sort: ['-id', 'id'], filters: { site: FILTERS.site } }),
  }),
  get: endpoint({
    id: 'routes.get',
    passing: ['ready'],
    method: 'GET',
    path: '/routes/{id}',
    summary: 'Shows a route.',
    permission: 'agents:read',
    params: RouteParams,
    answer: { json: RouteView },
    problems: ['ROUTE_UNKNOWN'],
  }),
  act: endpoint({
    id: 'routes.act',
    ifMatch: 'routes.get',
    method: 'POST',
    path: '/routes/{id}/{action}',
    summary: 'Pauses or resumes a route: while it is paused its jobs wait, and what runs goes on.',
    permission: 'agents:write',
    params: RouteParams.extend({ action: z.enum(['pause', 'resume']) }),
    answer: { json: RouteView },
    problems: ['ROUTE_UNKNOWN', 'CLOSURES_FULL'],
  }),
} as const;

export const maintenance = {
  list: endpoint({
    id: 'maintenance.list',
    method: 'GET',
    path: '/maintenance-windows',
    summary: 'Lists what is closed for a time, newest first.',
    permission: 'agents:read',
    ...paged(Closure, { sort: ['-createdAt', 'createdAt'], filters: {} }),
  }),
  create: endpoint({
    id: 'maintenance.create',
    method: 'POST',
    path: '/maintenance-windows',
    status: 201,
    summary: 'Closes a route, a site or an agent for new jobs: once, every week, or until the window is removed.',
    permission: 'agents:write',
    body: ClosureRequest,
    answer: { json: Closure },
    problems: ['CLOSURES_FULL', 'CLOSURE_EXISTS'],
  }),
  remove: endpoint({
    id: 'maintenance.remove',
    method: 'DELETE',
    path: '/maintenance-windows/{id}',
    summary: 'Removes a window; what it closed is open at once.',
    permission: 'agents:write',
    params: IdParams,
    answer: 'nothing',
    problems: ['CLOSURE_NOT_FOUND'],
  }),
} as const;
