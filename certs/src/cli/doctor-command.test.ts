import type { Authority, Rotation, TrustStatus } from '@casare/shared/api';
import { expect, test } from 'vitest';
import { checksOf } from './doctor-command.ts';
import { NOW } from './surroundings-for-tests.ts';

const id = '0198a7c0-0000-7000-8000-000000000000';
const inDays = (days: number): string => new Date(NOW.getTime() + days * 86_400_000).toISOString();
const ca: Authority = {
  ...{ id, kind: 'server_ca', tenant: null, state: 'active', keyId: 'aa', fingerprint: '0'.repeat(64), issuerId: null },
  ...{ key: 'server', notAfter: inDays(700), createdAt: inDays(-30), certificatePem: '', live: 1 },
};
const well: TrustStatus = {
  ...{ rev: 7, operator: true, signer: { state: 'up', why: null }, authorities: [ca], rotations: [], locks: 0 },
  ...{ bundle: { digest: '0'.repeat(64), roots: 1 }, nextExpiration: null, next: '' },
  gateways: [{ id, heartbeatAt: inDays(0), rev: 7, sessions: 3 }],
};
const worst = (status: TrustStatus, ending: Parameters<typeof checksOf>[1] = []): [string, string][] =>
  checksOf(status, ending, NOW)
    .filter(({ result }) => result !== 'ok')
    .map(({ name, result }) => [name, result]);

test('nothing is wrong with an installation that is well', () => {
  expect(worst(well)).toEqual([]);
});

test.each<[string, Partial<TrustStatus>, [string, string][]]>([
  ['the signer is down', { signer: { state: 'down', why: 'no socket' } }, [['signer', 'failed']]],
  ['no gateway beats', { gateways: [{ ...well.gateways[0]!, heartbeatAt: inDays(-1) }] }, [['gateways', 'failed']]],
  ['a gateway is behind', { gateways: [{ ...well.gateways[0]!, rev: 6 }] }, [['gateways', 'warning']]],
  ['a CA ends soon', { authorities: [{ ...ca, notAfter: inDays(29) }] }, [['CAs', 'failed']]],
  ['a retired CA ends soon', { authorities: [ca, { ...ca, state: 'retired', notAfter: inDays(1) }] }, []],
])('%s', (_, change, expected) => {
  expect(worst({ ...well, ...change })).toEqual(expected);
});

test('a rotation that stands still, and listeners whose certificates end, are warnings', () => {
  const rotation: Rotation = {
    ...{ id, kind: 'server_ca', tenant: null, phase: 'prepare', rev: 1, emergency: false, automatic: false },
    ...{ oldAuthority: id, newAuthority: id, seenDays: 30, reason: '', startedBy: 'x', startedAt: inDays(-9) },
    ...{ phaseSince: inDays(-8), endedAt: null, outcome: null, gate: null, next: '' },
  };
  expect(worst({ ...well, rotations: [rotation] })).toEqual([['rotations', 'warning']]);
  const late = { ...well, rotations: [rotation], authorities: [{ ...ca, notAfter: inDays(3) }] };
  expect(worst(late)).toEqual([
    ['CAs', 'warning'],
    ['rotations', 'warning'],
  ]);
  const gateway = { subject: 'gateway', id, name: 'gateway', notAfter: inDays(1), next: 'wait' } as const;
  expect(worst(well, [gateway])).toEqual([['listeners', 'warning']]);
  expect(worst(well, [{ ...gateway, subject: 'agent' }])).toEqual([]);
});
