import { expect, test } from 'vitest';
import { dutiesOf, spreadMs, type Duty, type Standpoint, type Wanted } from './session-duties.decision.ts';

const stands: Standpoint = { caId: 'ca', serverCaKeyId: 'aa', bundle: '11' };
const calm: Wanted = { bundle: '11', outgoingCas: new Set(), urgentCas: new Set(), presentedKeyId: 'aa' };
const of = (...ids: string[]): ReadonlySet<string> => new Set(ids);

test.each<[string, Partial<Standpoint>, Partial<Wanted>, Duty[]]>([
  ['nothing has changed', {}, {}, []],
  ['other CAs go out', {}, { outgoingCas: of('other'), urgentCas: of('other') }, []],
  ['the agent holds another bundle', {}, { bundle: '22' }, ['bundle']],
  ['the agent does not say which bundle it holds', { bundle: null }, {}, ['bundle']],
  ['its CA goes out', {}, { outgoingCas: of('ca') }, ['renew']],
  ['its CA is in wrong hands', {}, { outgoingCas: of('ca'), urgentCas: of('ca') }, ['renewNow']],
  ['another chain is presented', {}, { presentedKeyId: 'bb' }, ['reconnect']],
  ['what was presented to it is not known', { serverCaKeyId: null }, { presentedKeyId: 'bb' }, []],
  ['nothing is presented yet', {}, { presentedKeyId: null }, []],
  ['both: who renews connects anew', {}, { outgoingCas: of('ca'), presentedKeyId: 'bb' }, ['renew']],
  ['a bundle comes first', {}, { bundle: '22', presentedKeyId: 'bb' }, ['bundle', 'reconnect']],
])('%s', (_, standpoint, wanted, duties) => {
  expect(dutiesOf({ ...stands, ...standpoint }, { ...calm, ...wanted })).toEqual(duties);
});

test('a fleet is spread over what its CA can sign, and hurries only in an emergency', () => {
  expect([1, 200, 10_000, 1_000_000].map((count) => spreadMs('renew', count))).toEqual([
    1_000, 20_000, 900_000, 900_000,
  ]);
  expect([1, 200, 10_000, 1_000_000].map((count) => spreadMs('reconnect', count))).toEqual([
    1_000, 1_000, 50_000, 60_000,
  ]);
  expect([1, 10_000].map((count) => spreadMs('renewNow', count))).toEqual([2_000, 2_000]);
});
