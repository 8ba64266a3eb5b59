/** What a request for the next certificate is answered with: one case, and what differs from it. */
import { describe, expect, it } from 'vitest';
import { QUOTA, verdictOf, type Candidate, type RenewalCase } from './renewal.decision.ts';

const now = new Date('2026-01-01T06:00:00Z');
const [issuedAt, notAfter] = [new Date('2026-01-01T00:00:00Z'), new Date('2026-01-02T00:00:00Z')];
const times = { caState: 'active', issuedAt, notAfter, sameKey: false } as const;
const current: Candidate = { serial: 'c', state: 'current', ...times };
const pending: Candidate = { serial: 'p', state: 'pending', ...times };
const asked: RenewalCase = { presented: 'c', agentState: 'active', working: [current], issuedLately: 1 };
const late = new Date('2026-01-01T13:00:00Z');

describe('a request for the next certificate', () => {
  it('is granted to the holder of a working certificate, also while it waits for approval', () => {
    expect(verdictOf(asked, now)).toEqual({ do: 'issue' });
    expect(verdictOf({ ...asked, agentState: 'pending' }, now)).toEqual({ do: 'issue' });
    expect(verdictOf({ ...asked, working: [current, pending] }, now)).toEqual({ do: 'issue' });
    expect(verdictOf({ ...asked, presented: 'p', working: [current, pending] }, now)).toEqual({ do: 'issue' });
    expect(verdictOf({ ...asked, working: [{ ...current, caState: 'outgoing' }] }, now)).toEqual({ do: 'issue' });
  });

  it('for a key that was certified already is answered with that certificate, over the former session too', () => {
    const certified = { ...pending, sameKey: true };
    const repeat = { do: 'repeat', serial: 'p' };
    expect(verdictOf({ ...asked, working: [current, certified] }, now)).toEqual(repeat);
    const used: Candidate = { ...certified, state: 'current' };
    expect(verdictOf({ ...asked, presented: 'superseded', working: [used] }, now)).toEqual(repeat);
  });

  it('for a key whose certificate would have to be renewed at once gets another one', () => {
    const certified = { ...pending, sameKey: true };
    expect(verdictOf({ ...asked, working: [current, certified] }, late)).toEqual({ do: 'issue' });
    const outgoing: Candidate = { ...certified, caState: 'outgoing' };
    expect(verdictOf({ ...asked, working: [current, outgoing] }, now)).toEqual({ do: 'issue' });
  });

  it.each<[string, Partial<RenewalCase>]>([
    ['AGENT_LOCKED', { agentState: 'locked' }],
    ['AGENT_LOCKED', { agentState: 'suspect', presented: 'superseded' }],
    ['AGENT_DECOMMISSIONED', { agentState: 'decommissioned' }],
    ['KEY_REUSED', { working: [{ ...current, sameKey: true }] }],
    ['RENEWAL_QUOTA', { issuedLately: QUOTA }],
  ])('is refused with %s', (code, change) => {
    expect(verdictOf({ ...asked, ...change }, now)).toEqual({ do: 'refuse', code });
  });

  it('by whoever stands on a superseded certificate locks the agent', () => {
    expect(verdictOf({ ...asked, presented: 'superseded' }, now)).toEqual({ do: 'lock' });
    expect(verdictOf({ ...asked, presented: 'superseded', working: [current, pending] }, now)).toEqual({ do: 'lock' });
  });
});
