import { CLOSE } from '@casare/shared/protocol';
import { expect, test } from 'vitest';
import { CUTS, HINT_MS, isCertificateAlert, renewalReason, type BeforeDial } from './late-renewal.decision.ts';

const good: BeforeDial = {
  untilEndMs: 3_600_000,
  closeCode: undefined,
  cuts: 0,
  refusedByTls: false,
  sinceHintMs: Infinity,
};

test.each<[string | null, Partial<BeforeDial>]>([
  [null, {}],
  [null, { untilEndMs: 1 }],
  ['expired', { untilEndMs: 0 }],
  ['expired', { untilEndMs: -259_200_000 }],
  ['told', { closeCode: CLOSE.certificateExpired }],
  ['told', { closeCode: CLOSE.certificateRetired }],
  ['told', { closeCode: CLOSE.certificateRetired, sinceHintMs: 0 }],
  [null, { closeCode: CLOSE.locked }],
  [null, { closeCode: CLOSE.notAdmitted }],
  [null, { closeCode: 1006 }],
  ['hint', { refusedByTls: true }],
  [null, { cuts: CUTS - 1 }],
  ['hint', { cuts: CUTS }],
  // A hint is a guess: the enrol listener is not asked at every dial of a broken network.
  [null, { cuts: 100, sinceHintMs: HINT_MS - 1 }],
  [null, { refusedByTls: true, sinceHintMs: HINT_MS - 1 }],
  ['hint', { cuts: 100, sinceHintMs: HINT_MS }],
])('%s: %j', (reason, change) => {
  expect(renewalReason({ ...good, ...change })).toBe(reason);
});

test.each([
  ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', true],
  ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED', true],
  ['ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE', true],
  ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', false],
  ['CERT_HAS_EXPIRED', false],
  ['ECONNRESET', false],
  [undefined, false],
])('%s is an alert about our certificate: %s', (code, expected) => {
  expect(isCertificateAlert(code)).toBe(expected);
});
