import { describe, expect, it } from 'vitest';
import { verdictOfFollowing, type FollowedOnRecord } from './renewal-after-expiry.decision.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const now = new Date('2026-11-30T08:00:00Z');
const at = (ms: number) => new Date(now.getTime() + ms);
/** Friday's certificate on Monday. */
const expired = { tenant: 'acme', agentId: 'a', notBefore: at(-3 * DAY), notAfter: at(-2 * DAY) };
const fresh = { ...expired, notBefore: at(-HOUR), notAfter: at(23 * HOUR) };
const recorded = {
  caState: 'active',
  tenant: 'acme',
  graceDays: 30,
  certificate: { agentId: 'a', state: 'current', same: true, agentState: 'active', locked: false },
} satisfies FollowedOnRecord;

const having = (change: Partial<NonNullable<FollowedOnRecord['certificate']>>): FollowedOnRecord => ({
  ...recorded,
  certificate: { ...recorded.certificate, ...change },
});
const verdict = (
  on: FollowedOnRecord | null = recorded,
  { proven = true, followed = expired }: { proven?: boolean; followed?: typeof expired } = {},
) => {
  const given = verdictOfFollowing(followed, on, proven, now);
  return given.do === 'refuse' ? given.code : given.do === 'deny' ? `deny ${given.why}` : given.do;
};

describe('renewal over the enrol listener', () => {
  it('follows an expired certificate on record', () => {
    expect(verdictOfFollowing(expired, recorded, true, now)).toEqual({ do: 'renew', firstUse: false });
    expect(verdictOfFollowing(expired, having({ state: 'pending' }), true, now)).toEqual({
      do: 'renew',
      firstUse: true,
    });
  });

  it.each<[string, FollowedOnRecord | null]>([
    ['deny CA_UNKNOWN', null],
    ['deny TENANT_MISMATCH', { ...recorded, tenant: 'other' }],
    ['deny CERTIFICATE_UNKNOWN', { ...recorded, certificate: null }],
    ['deny CERTIFICATE_UNKNOWN', having({ same: false })],
    ['deny AGENT_MISMATCH', having({ agentId: 'b' })],
    ['deny CERTIFICATE_REVOKED', having({ state: 'revoked' })],
    ['deny AGENT_DECOMMISSIONED', having({ agentState: 'decommissioned' })],
    ['AGENT_LOCKED', having({ agentState: 'locked' })],
    ['AGENT_LOCKED', having({ agentState: 'suspect' })],
    ['AGENT_LOCKED', having({ locked: true })],
    ['renew', having({ agentState: 'pending' })],
    ['renew', having({ agentState: 'paused' })],
    // The renewal itself says whether this is a second holder or somebody who asks again.
    ['renew', having({ state: 'superseded' })],
    ['renew', { ...recorded, caState: 'outgoing' }],
    ['renew', { ...recorded, caState: 'retired' }],
  ])('%s', (expected, on) => {
    expect(verdict(on)).toBe(expected);
    // Without the old key's signature nobody learns which of these it is.
    expect(verdict(on, { proven: false })).toBe('deny NOT_PROVEN');
  });

  it.each<[string, number, number]>([
    ['renew', 30, -30 * DAY + 1],
    ['RENEW_TOO_LATE', 30, -30 * DAY],
    ['renew', 1, -DAY + 1],
    ['RENEW_TOO_LATE', 1, -DAY],
    ['renew', 0, 1],
    ['RENEW_TOO_LATE', 0, 0],
  ])('%s: %i days of grace, an end %i ms from now', (expected, graceDays, end) => {
    const followed = { ...expired, notBefore: at(end - DAY), notAfter: at(end) };
    expect(verdict({ ...recorded, graceDays }, { followed })).toBe(expected);
    expect(verdict({ ...having({ state: 'superseded' }), graceDays }, { followed })).toBe(expected);
  });

  it('is not for a certificate that the tunnel takes for long, unless its CA signs no more', () => {
    expect(verdict(recorded, { followed: fresh })).toBe('RENEW_NOT_DUE');
    expect(verdict({ ...recorded, caState: 'outgoing' }, { followed: fresh })).toBe('renew');
    expect(verdict({ ...recorded, caState: 'retired' }, { followed: fresh })).toBe('renew');
    expect(verdict(recorded, { followed: { ...fresh, notBefore: at(-12 * HOUR), notAfter: at(12 * HOUR) } })).toBe(
      'renew',
    );
    expect(verdict(having({ state: 'superseded' }), { followed: fresh })).toBe('renew');
  });
});
