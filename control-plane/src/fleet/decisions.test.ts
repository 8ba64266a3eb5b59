/** The fleet's pure parts: the states of agents and tunnels, what ends a session, which upgrade goes on. */
import { next, sourcesOf } from '@casare/shared/lifecycle';
import type { AgentState, LockKind } from '@casare/shared/api';
import { CLOSE, SUBPROTOCOL } from '@casare/shared/protocol';
import { describe, expect, it } from 'vitest';
import { AGENT, LEADS_TO, mayWork, RETURNS } from './agent.lifecycle.ts';
import { endingByTrust, endingOf, type Standing } from './session-standing.decision.ts';
import type { Refusals } from '../trust/index.ts';
import { TUNNEL, type TunnelState } from './tunnel.lifecycle.ts';
import { refusalOfUpgrade, type UpgradeHead } from './upgrade.decision.ts';
import { closeReason, readMessage } from './wire.ts';

describe('an agent', () => {
  it('can be locked from everywhere but its end, decommissioned from everywhere, and never comes back from that', () => {
    const states = Object.keys(AGENT) as AgentState[];
    expect(sourcesOf(AGENT, 'lock')).toEqual(states.filter((s) => s !== 'locked' && s !== 'decommissioned'));
    expect(sourcesOf(AGENT, 'decommission')).toEqual(states.filter((s) => s !== 'decommissioned'));
    expect(AGENT.decommissioned).toEqual({});
    for (const [was, event] of Object.entries(RETURNS)) expect(next(AGENT, 'locked', event)).toBe(was);
  });

  it('leaves suspicion only through a lock, and works only when active', () => {
    expect(next(AGENT, 'suspect', 'unlock')).toBeNull();
    expect(next(AGENT, 'suspect', 'resume')).toBeNull();
    expect(next(AGENT, 'pending', 'resume')).toBeNull();
    expect((Object.keys(AGENT) as AgentState[]).filter(mayWork)).toEqual(['active']);
  });

  it('is led by every action where the table says', () => {
    for (const [action, to] of Object.entries(LEADS_TO) as [keyof typeof LEADS_TO, AgentState][]) {
      for (const from of sourcesOf(AGENT, action)) expect(next(AGENT, from, action)).toBe(to);
      expect(sourcesOf(AGENT, action).length).toBeGreaterThan(0);
    }
  });
});

it('a tunnel closes from every state once and opens no other way than step by step', () => {
  const states = Object.keys(TUNNEL) as TunnelState[];
  expect(sourcesOf(TUNNEL, 'close')).toEqual(states.filter((state) => state !== 'closed'));
  expect(sourcesOf(TUNNEL, 'welcome')).toEqual(['hello']);
  expect(sourcesOf(TUNNEL, 'greet')).toEqual(['admitted']);
});

describe('a live session', () => {
  it('goes on while nothing is against its agent', () => {
    for (const state of ['pending', 'active', 'paused', 'draining'] as const)
      expect(endingOf('s', { state, sessionId: 's' })).toBeNull();
  });

  it.each<[number, Partial<Standing>]>([
    [CLOSE.locked, { state: 'locked' }],
    [CLOSE.locked, { state: 'suspect' }],
    [CLOSE.notAdmitted, { state: 'decommissioned' }],
    [CLOSE.replaced, { sessionId: 'other' }],
    [CLOSE.replaced, { sessionId: null }],
  ])('ends with %i for %o', (code, change) => {
    expect(endingOf('s', { state: 'active', sessionId: 's', ...change })?.code).toBe(code);
  });

  const peer = {
    ...{ tenant: 't', agentId: 'a', serial: '01', issuedAt: new Date(0), notAfter: new Date(0), serverCaKeyId: null },
    ...{ caId: 'ca', standsOn: ['ca', 'root', 'server-ca', 'server-root'] },
  };
  const none = {
    agent: new Set<string>(),
    tenant: new Set<string>(),
    serial: new Set<string>(),
    ca: new Set<string>(),
  };
  const nothing: Refusals = {
    locked: none,
    revoked: new Set(),
    retiredCas: new Set(),
    suspended: new Set(),
    deleted: new Set(),
  };
  const lock = (kind: LockKind, key: string): Refusals => ({ ...nothing, locked: { ...none, [kind]: new Set([key]) } });

  it('goes on while trust refuses others', () => {
    const others = [lock('agent', 'u/a'), lock('tenant', 'a'), lock('serial', 'u/01'), lock('ca', 'other')];
    for (const refusals of [nothing, ...others, { ...nothing, revoked: new Set(['u/01']) }])
      expect(endingByTrust(peer, refusals)).toBeNull();
    // A gateway's CA that is retired is no reason to cut: the session is asked to reconnect.
    expect(endingByTrust(peer, { ...nothing, retiredCas: new Set(['server-ca']) })).toBeNull();
  });

  it.each<[number, Refusals]>([
    [CLOSE.locked, lock('agent', 't/a')],
    [CLOSE.locked, lock('tenant', 't')],
    [CLOSE.locked, lock('serial', 't/01')],
    ...peer.standsOn.map((id): [number, Refusals] => [CLOSE.locked, lock('ca', id)]),
    [CLOSE.notAdmitted, { ...nothing, revoked: new Set(['t/01']) }],
    [CLOSE.certificateRetired, { ...nothing, retiredCas: new Set(['ca']) }],
    [CLOSE.locked, { ...lock('tenant', 't'), revoked: new Set(['t/01']), retiredCas: new Set(['ca']) }],
  ])('ends with %i for what trust refuses (%#)', (code, refusals) => {
    expect(endingByTrust(peer, refusals)?.code).toBe(code);
  });
});

describe('an upgrade', () => {
  const head: UpgradeHead = {
    ...{ method: 'GET', url: '/tunnel', headerLines: 10, host: 'tunnel.example:8443' },
    ...{ serverName: 'tunnel.example', protocols: SUBPROTOCOL },
  };
  const hosts = new Set(['tunnel.example', '::1']);

  it('goes on for a tunnel host, by name or by address, in any case', () => {
    expect(refusalOfUpgrade(head, hosts)).toBeNull();
    expect(refusalOfUpgrade({ ...head, host: 'Tunnel.Example', serverName: 'TUNNEL.example' }, hosts)).toBeNull();
    expect(refusalOfUpgrade({ ...head, host: '[::1]:8443', serverName: false }, hosts)).toBeNull();
    expect(refusalOfUpgrade({ ...head, protocols: `other, ${SUBPROTOCOL}` }, hosts)).toBeNull();
  });

  it.each<[string, Partial<UpgradeHead>]>([
    ['431', { headerLines: 65 }],
    ['404', { url: '/tunnel/x' }],
    ['404', { url: undefined }],
    ['404', { method: 'POST' }],
    ['421', { host: 'web.example' }],
    ['421', { host: undefined }],
    ['421', { host: 'tunnel.example:8443, web.example' }],
    ['421', { serverName: 'web.example' }],
    ['400', { protocols: undefined }],
    ['400', { protocols: `${SUBPROTOCOL}x` }],
  ])('is refused with %s for %o', (status, change) => {
    expect(refusalOfUpgrade({ ...head, ...change }, hosts)).toContain(status);
  });
});

describe('the wire', () => {
  it('reads only messages, and none with characters that cannot be stored', () => {
    expect(readMessage(Buffer.from('{"type":"ping","n":1}'))).toEqual({ type: 'ping', n: 1 });
    for (const text of ['', 'null', '[]', '{"type":"welcome"}', '{"type":"ping"}', '{"type":"ping","n":1.5}'])
      expect(readMessage(Buffer.from(text)), text).toBeNull();
    const refused = { type: 'job.refused', jobId: '01890a5d-ac96-774b-bcce-b302099a8057', attempt: 1, code: 'X' };
    const odd = JSON.stringify({ ...refused, reason: 'a\u0000b\ud800c' });
    expect(readMessage(Buffer.from(odd))).toMatchObject({ reason: 'a\ufffdb\ufffdc' });
  });

  it('cuts close reasons to what a close frame holds', () => {
    expect(Buffer.byteLength(closeReason('ü'.repeat(300)))).toBeLessThanOrEqual(123);
    expect(closeReason('😀'.repeat(100)).isWellFormed()).toBe(true);
  });
});
