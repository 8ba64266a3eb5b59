/** Who is admitted: one case, and everything that differs from it refused. */
import { describe, expect, it } from 'vitest';
import { refusalOf, type Presented, type Recorded } from './admission.decision.ts';

const now = new Date('2026-01-01T12:00:00Z');
const presented: Presented = {
  ...{ tenant: 'default', agentId: 'a' },
  ...{ notBefore: new Date('2026-01-01T00:00:00Z'), notAfter: new Date('2026-01-02T00:00:00Z') },
};
const certificate = { agentId: 'a', state: 'current', same: true, agentState: 'active' } as const;
const recorded: Recorded = { caState: 'active', tenant: 'default', certificate, lock: null };
const withCertificate = (change: object): Recorded => ({ ...recorded, certificate: { ...certificate, ...change } });

describe('admission', () => {
  it('lets the holder of a recorded certificate in, also while it waits for approval', () => {
    expect(refusalOf(presented, recorded, now)).toBeNull();
    for (const agentState of ['pending', 'paused', 'draining'])
      expect(refusalOf(presented, withCertificate({ agentState }), now)).toBeNull();
    expect(refusalOf(presented, withCertificate({ state: 'pending' }), now)).toBeNull();
  });

  it.each<[string, Recorded | null, Partial<Presented>]>([
    ['CA_UNKNOWN', null, {}],
    ['CA_NOT_ACTIVE', { ...recorded, caState: 'standby' }, {}],
    ['CA_NOT_ACTIVE', { ...recorded, caState: 'retired' }, {}],
    ['CERTIFICATE_REVOKED', { ...withCertificate({ state: 'revoked' }), caState: 'retired' }, {}],
    ['CA_NOT_ACTIVE', { ...withCertificate({ state: 'revoked', same: false }), caState: 'retired' }, {}],
    ['TENANT_MISMATCH', { ...recorded, tenant: 'other' }, {}],
    ['TENANT_MISMATCH', recorded, { tenant: 'other' }],
    ['CERTIFICATE_UNKNOWN', { ...recorded, certificate: null }, {}],
    ['CERTIFICATE_UNKNOWN', withCertificate({ same: false }), {}],
    ['AGENT_MISMATCH', withCertificate({ agentId: 'b' }), {}],
    ['CERTIFICATE_REVOKED', withCertificate({ state: 'revoked' }), {}],
    ['CERTIFICATE_SUPERSEDED', withCertificate({ state: 'superseded' }), {}],
    ['CERTIFICATE_EXPIRED', withCertificate({ state: 'superseded' }), { notAfter: now }],
    ['AGENT_LOCKED', withCertificate({ state: 'superseded', agentState: 'locked' }), {}],
    ['CERTIFICATE_EXPIRED', recorded, { notAfter: now }],
    ['AGENT_LOCKED', { ...recorded, lock: 'agent' }, {}],
    ['TENANT_LOCKED', { ...recorded, lock: 'tenant' }, {}],
    ['CERTIFICATE_LOCKED', { ...recorded, lock: 'serial' }, {}],
    ['CA_LOCKED', { ...recorded, lock: 'ca' }, {}],
    ['TENANT_LOCKED', { ...withCertificate({ state: 'revoked' }), lock: 'tenant' }, { notAfter: now }],
    ['CERTIFICATE_EXPIRED', recorded, { notBefore: new Date(now.getTime() + 1) }],
    ['AGENT_LOCKED', withCertificate({ agentState: 'locked' }), {}],
    ['AGENT_LOCKED', withCertificate({ agentState: 'suspect' }), {}],
    ['AGENT_DECOMMISSIONED', withCertificate({ agentState: 'decommissioned' }), {}],
  ])('refuses with %s', (code, found, change) => {
    expect(refusalOf({ ...presented, ...change }, found, now)).toBe(code);
  });
});
