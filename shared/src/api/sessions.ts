/** Sessions: where people are signed in. */
import { z } from 'zod';
import { Whose } from './api-keys.ts';
import { endpoint } from './endpoint.ts';
import { IdParams, paged, time } from './page.ts';

export const SessionView = z
  .object({
    id: z.uuid(),
    account: z.object({ id: z.uuid(), email: z.string() }),
    createdAt: time,
    /** To the minute. */
    lastUsedAt: time.nullable(),
    expiresAt: time,
    /** As the control plane saw it when the session began. */
    address: z.string(),
    userAgent: z.string(),
    /** The session that asks. */
    current: z.boolean(),
  })
  .meta({ id: 'Session' });
export type SessionView = z.infer<typeof SessionView>;

export const sessions = {
  list: endpoint({
    id: 'sessions.list',
    method: 'GET',
    path: '/sessions',
    summary: 'Lists open sessions, newest first.',
    permission: 'self:read',
    ...paged(SessionView, { sort: ['-createdAt', 'createdAt'], filters: { of: Whose.default('own') } }),
    problems: ['CURSOR_INVALID'],
  }),
  end: endpoint({
    id: 'sessions.end',
    method: 'DELETE',
    path: '/sessions/{id}',
    summary: 'Ends a session at once. That of somebody else needs accounts:write.',
    permission: 'self:write',
    params: IdParams,
    answer: 'nothing',
    problems: ['SESSION_NOT_FOUND', 'ABOVE_YOURSELF'],
  }),
  endOthers: endpoint({
    id: 'sessions.endOthers',
    method: 'POST',
    path: '/sessions/end-others',
    summary: 'Ends all sessions of the caller but the one that asks.',
    permission: 'self:write',
    answer: { json: z.object({ ended: z.int() }) },
  }),
} as const;
