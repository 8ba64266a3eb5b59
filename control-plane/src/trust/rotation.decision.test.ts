import { CaKind, RotationPhase } from '@casare/shared/api';
import { describe, expect, it } from 'vitest';
import {
  agentStraggler,
  gatewayCas,
  nextCommand,
  pinsOldRoot,
  Tally,
  wantsOf,
  weighAgent,
  weighGateway,
  type AgentFact,
  type Gate,
  type GatewayFact,
} from './rotation.decision.ts';

const now = new Date('2026-11-02T12:00:00Z');
const daysAgo = (days: number) => new Date(now.getTime() - days * 86_400_000);
const gate: Gate = {
  ...{ kind: 'agent_ca', phase: 'issue', emergency: false, seenDays: 30, trustRev: 7, bundle: 'new' },
  ...{ serverCa: 'ca-new', now },
};
const agent: AgentFact = {
  ...{ tenant: 'acme', id: 'a1', name: 'press 3', state: 'active', connected: true, seenAt: now, bundle: 'new' },
  ...{ leafLeaves: false, certificateLeaves: false, chainLeaves: false },
};
const gateway: GatewayFact = { id: 'g1', rev: 7, presented: 'ca-new', ready: 'ca-new' };

describe('an agent at a gate', () => {
  const bad = { bundle: 'old', leafLeaves: true, certificateLeaves: true, chainLeaves: true };
  it.each([
    ['agent_ca', 'prepare', bad, 'uncounted'],
    ['agent_root', 'prepare', bad, 'uncounted'],
    ['server_ca', 'prepare', bad, 'uncounted'],
    ['server_root', 'prepare', { bundle: 'old' }, 'blocks'],
    ['server_root', 'prepare', { bundle: null }, 'blocks'],
    ['server_root', 'prepare', { ...bad, bundle: 'new' }, 'ready'],
    ['agent_ca', 'issue', { leafLeaves: true }, 'blocks'],
    ['agent_root', 'issue', { leafLeaves: true }, 'blocks'],
    ['agent_ca', 'issue', { ...bad, leafLeaves: false }, 'ready'],
    ['server_ca', 'issue', bad, 'uncounted'],
    ['agent_ca', 'serve', { certificateLeaves: true }, 'blocks'],
    ['agent_ca', 'serve', { certificateLeaves: null }, 'blocks'],
    ['agent_root', 'serve', { ...bad, certificateLeaves: false }, 'ready'],
    ['server_ca', 'serve', { chainLeaves: true }, 'blocks'],
    ['server_root', 'serve', { chainLeaves: null }, 'blocks'],
    ['server_root', 'serve', { ...bad, chainLeaves: false }, 'ready'],
    ['agent_ca', 'retire', { certificateLeaves: true }, 'blocks'],
    ['server_ca', 'retire', { chainLeaves: true }, 'blocks'],
    ['agent_ca', 'rollback', { leafLeaves: true }, 'blocks'],
    ['agent_ca', 'rollback', { certificateLeaves: true }, 'blocks'],
    ['agent_ca', 'rollback', { chainLeaves: true }, 'ready'],
    ['server_root', 'rollback', { chainLeaves: true }, 'blocks'],
    ['server_root', 'standby', bad, 'uncounted'],
  ] as const)('%s in %s with %j: %s', (kind, phase, facts, weight) => {
    expect(weighAgent({ ...gate, kind, phase }, { ...agent, ...facts }).weight).toBe(weight);
  });

  it.each([
    ['connected', {}, {}, 'blocks'],
    ['connected, and 0 days are counted', {}, { seenDays: 0 }, 'blocks'],
    ['connected, in an emergency', {}, { emergency: true }, 'blocks'],
    ['away since yesterday', { connected: false, seenAt: daysAgo(1) }, {}, 'away'],
    ['away since yesterday, in an emergency', { connected: false, seenAt: daysAgo(1) }, { emergency: true }, 'left'],
    ['away for exactly 30 days', { connected: false, seenAt: daysAgo(30) }, {}, 'away'],
    ['away for 31 days', { connected: false, seenAt: daysAgo(31) }, {}, 'left'],
    ['away for 31 days, 60 are counted', { connected: false, seenAt: daysAgo(31) }, { seenDays: 60 }, 'away'],
    ['never seen', { connected: false, seenAt: null }, {}, 'left'],
    ['locked', { state: 'locked' }, {}, 'left'],
    ['suspect and away', { state: 'suspect', connected: false, seenAt: daysAgo(1) }, {}, 'left'],
  ] as const)('that is not ready and %s', (_, facts, more, weight) => {
    const weighed = weighAgent({ ...gate, ...more }, { ...agent, leafLeaves: true, ...facts });
    expect(weighed.weight).toBe(weight);
    expect(weighed.why).not.toBe('');
  });

  it('that is away has no session to stand on anything', () => {
    const away = { ...agent, connected: false, seenAt: daysAgo(1), certificateLeaves: true, chainLeaves: true };
    expect(weighAgent({ ...gate, phase: 'serve' }, away).weight).toBe('uncounted');
    expect(weighAgent({ ...gate, kind: 'server_ca', phase: 'serve' }, away).weight).toBe('uncounted');
  });
});

describe('a gateway at a gate', () => {
  it.each([
    ['agent_ca', 'prepare', { rev: 6 }, 'blocks'],
    ['agent_ca', 'serve', { rev: 6 }, 'blocks'],
    ['agent_root', 'prepare', { rev: 8, presented: null, ready: null }, 'ready'],
    ['server_ca', 'issue', { ready: null }, 'blocks'],
    ['server_ca', 'issue', { ready: 'ca-old' }, 'blocks'],
    ['server_root', 'issue', { presented: 'ca-old' }, 'ready'],
    ['server_ca', 'serve', { presented: 'ca-old' }, 'blocks'],
    ['server_root', 'retire', { presented: null }, 'blocks'],
    ['server_ca', 'rollback', { presented: 'ca-other' }, 'blocks'],
    ['server_ca', 'serve', {}, 'ready'],
    ['server_ca', 'standby', { rev: 0 }, 'uncounted'],
  ] as const)('%s in %s with %j: %s', (kind, phase, facts, weight) => {
    expect(weighGateway({ ...gate, kind, phase }, { ...gateway, ...facts }).weight).toBe(weight);
  });
});

describe('a tally', () => {
  const straggler = () => agentStraggler(agent, { weight: 'blocks', why: 'It waits.' });
  const tallyOf = (...weights: ('ready' | 'blocks' | 'away' | 'left' | 'uncounted')[]) => {
    const tally = new Tally();
    for (const weight of weights) tally.add({ weight, why: '' }, straggler);
    return tally;
  };
  it.each([
    [[], true, true],
    [['ready', 'uncounted', 'left'], true, true],
    [['ready', 'away'], false, true],
    [['ready', 'blocks'], false, false],
    [['away', 'blocks'], false, false],
  ] as const)('of %j is met: %s; may be passed without those that are away: %s', (weights, met, skip) => {
    const tally = tallyOf(...weights);
    expect([tally.met, tally.maySkip(false), tally.maySkip(true)]).toEqual([met, met, skip]);
  });

  it('names the first 20 and counts all', () => {
    const tally = tallyOf(...Array.from({ length: 30 }, () => 'blocks' as const), 'left', 'ready');
    expect([tally.blockers.length, tally.total, tally.ready, tally.leftBehind]).toEqual([20, 31, 1, 1]);
  });
});

it('every kind says in every phase what it waits for, and nothing once it has ended', () => {
  for (const kind of CaKind.options) {
    for (const phase of RotationPhase.options) expect(wantsOf(kind, phase) === null).toBe(phase === 'standby');
  }
});

it.each([
  [null, 'active', null],
  ['prepare', 'active', null],
  ['issue', 'outgoing', 'active'],
  ['serve', 'active', null],
  ['retire', 'active', null],
  ['rollback', 'active', null],
] as const)('in %s the %s server CA is presented, and %s is made ready', (phase, presented, ready) => {
  expect(gatewayCas(phase, 'active', 'outgoing')).toEqual({ presented, ready });
});

it('the old root is presented when there is nothing else', () => {
  expect(gatewayCas('issue', 'active', null)).toEqual({ presented: 'active', ready: null });
});

it.each([
  ['prepare', false, true],
  ['issue', false, true],
  ['serve', false, true],
  ['serve', true, false],
  ['retire', false, false],
  ['rollback', false, false],
] as const)('in %s, emergency %s, new tokens pin the old root: %s', (phase, emergency, old) => {
  expect(pinsOldRoot({ phase, emergency })).toBe(old);
  expect(pinsOldRoot(null)).toBe(false);
});

it('the next command is the one that is safe', () => {
  const rotation = { id: 'r1', automatic: false };
  expect(nextCommand(rotation, { met: true })).toBe('casare-certs rotate advance r1');
  expect(nextCommand(rotation, { met: false })).toBe('casare-certs rotate status r1 --stragglers');
  expect(nextCommand({ ...rotation, automatic: true }, { met: true })).toBe('casare-certs rotate status r1');
  expect(nextCommand(rotation, null)).toBe('casare-certs status');
});
