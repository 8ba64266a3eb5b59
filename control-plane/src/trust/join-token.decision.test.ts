import { describe, expect, it } from 'vitest';
import { isTooPowerful, refusalOfUse, UNBOUND_SECONDS } from './join-token.decision.ts';
import { isInside } from './networks.ts';

const plain = { uses: 1, ttlSeconds: 900, autoApprove: true, hosts: [], networks: [] };

describe('a token that approves by itself', () => {
  it.each([
    ['one agent, short', {}, false],
    ['one agent, a day', { ttlSeconds: UNBOUND_SECONDS }, false],
    ['one agent, longer than a day', { ttlSeconds: UNBOUND_SECONDS + 1 }, true],
    ['two agents', { uses: 2 }, true],
    ['two agents that a person approves', { uses: 2, autoApprove: false }, false],
    ['long-lived, a person approves', { ttlSeconds: 2_592_000, autoApprove: false }, false],
    ['many agents of named hosts', { uses: 10_000, ttlSeconds: 2_592_000, hosts: ['vdi-*'] }, false],
    ['many agents of one network', { uses: 10_000, ttlSeconds: 2_592_000, networks: ['10.0.0.0/8'] }, false],
  ])('%s', (_, change, tooPowerful) => {
    expect(isTooPowerful({ ...plain, ...change })).toBe(tooPowerful);
  });
});

describe('who may use a token', () => {
  const use = (hosts: string[], networks: string[], hostname: string, address: string) =>
    refusalOfUse({ hosts, networks }, { hostname, isInside: (network) => isInside(network, address) });

  it.each<[string[], string[], string, string, string | null]>([
    [[], [], 'anything', '203.0.113.9', null],
    [['vdi-*'], [], 'vdi-0017', '203.0.113.9', null],
    [['vdi-*'], [], 'VDI-0017', '203.0.113.9', null],
    [['vdi-*'], [], 'xvdi-0017', '203.0.113.9', 'HOST_NOT_ALLOWED'],
    [['vdi-*'], [], '', '203.0.113.9', 'HOST_NOT_ALLOWED'],
    [['vdi-??'], [], 'vdi-17', '', null],
    [['vdi-??'], [], 'vdi-017', '', 'HOST_NOT_ALLOWED'],
    [['*.plant.example', 'press-3'], [], 'cell7.plant.example', '', null],
    [['*.plant.example', 'press-3'], [], 'press-3', '', null],
    [['*.plant.example', 'press-3'], [], 'press-3.plant.example.evil', '', 'HOST_NOT_ALLOWED'],
    [['a.b'], [], 'axb', '', 'HOST_NOT_ALLOWED'],
    [[], ['10.1.0.0/16'], 'x', '10.1.255.255', null],
    [[], ['10.1.0.0/16'], 'x', '::ffff:10.1.2.3', null],
    [[], ['10.1.0.0/16'], 'x', '10.2.0.1', 'NETWORK_NOT_ALLOWED'],
    [[], ['10.1.0.0/16', '2001:db8::/32'], 'x', '2001:db8:1::5', null],
    [[], ['2001:db8::/32'], 'x', '2001:db9::5', 'NETWORK_NOT_ALLOWED'],
    [[], ['2001:db8::/32'], 'x', '10.1.2.3', 'NETWORK_NOT_ALLOWED'],
    // Where the listener knows no address, none is inside.
    [[], ['10.1.0.0/16'], 'x', '', 'NETWORK_NOT_ALLOWED'],
    [['vdi-*'], ['10.1.0.0/16'], 'vdi-1', '10.1.2.3', null],
    [['vdi-*'], ['10.1.0.0/16'], 'vdi-1', '10.2.2.3', 'NETWORK_NOT_ALLOWED'],
    [['vdi-*'], ['10.1.0.0/16'], 'pc-1', '10.1.2.3', 'HOST_NOT_ALLOWED'],
  ])('hosts %j networks %j: %s from %s is %s', (hosts, networks, hostname, address, refusal) => {
    expect(use(hosts, networks, hostname, address)).toBe(refusal);
  });

  it('takes no time for a pattern that is made to take it', () => {
    expect(use(['*a'.repeat(120)], [], 'a'.repeat(254) + 'b', '')).toBe('HOST_NOT_ALLOWED');
  });
});
