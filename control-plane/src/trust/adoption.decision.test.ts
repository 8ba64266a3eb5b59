import { describe, expect, it } from 'vitest';
import { mayAdopt, type AdoptionFacts } from './adoption.decision.ts';

const HOUR = 3_600_000;
const restoredAt = 100 * HOUR;
const presented = { notBefore: 90 * HOUR, notAfter: 114 * HOUR };
const facts: AdoptionFacts = {
  restoredAt,
  signerFits: true,
  agentState: 'active',
  newest: { state: 'current', notBefore: 80 * HOUR },
  lifeMs: 24 * HOUR,
};
const now = 101 * HOUR;

describe('a certificate that a restored record does not know', () => {
  it('is adopted when it is the next one of an agent on record', () => {
    expect(mayAdopt(presented, facts, now)).toBe(true);
  });
  it.each<[string, Partial<AdoptionFacts>]>([
    ['the record was never restored', { restoredAt: null }],
    ['its CA is of another tenant, not accepted, or something is locked', { signerFits: false }],
    ['the agent is on no record', { agentState: null }],
    ['the agent is locked', { agentState: 'locked' }],
    ['the agent is suspect', { agentState: 'suspect' }],
    ['the agent was decommissioned', { agentState: 'decommissioned' }],
    ['the agent has no certificate on record', { newest: null }],
    ['the one on record was revoked', { newest: { state: 'revoked', notBefore: 80 * HOUR } }],
    ['the one on record is newer', { newest: { state: 'current', notBefore: 91 * HOUR } }],
    ['the one on record is as old', { newest: { state: 'current', notBefore: 90 * HOUR } }],
  ])('is not when %s', (_, change) => {
    expect(mayAdopt(presented, { ...facts, ...change }, now)).toBe(false);
  });
  it.each([
    ['it was issued after the restore', { notBefore: 100 * HOUR + 1, notAfter: 124 * HOUR }, now],
    ['it lives longer than any that we give', { notBefore: 90 * HOUR, notAfter: 124 * HOUR + 1 }, now],
    ['it has expired', presented, 114 * HOUR],
  ])('is not when %s', (_, certificate, at) => {
    expect(mayAdopt(certificate, facts, at)).toBe(false);
  });
});
