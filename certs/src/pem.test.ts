import { expect, test } from 'vitest';
import { certificatesInPem, toPem } from './pem.ts';

test('certificates survive the round trip in order, other blocks and text are skipped', () => {
  const [first, second] = [Buffer.alloc(100, 1), Buffer.alloc(3, 2)];
  const text = `hello\n${toPem('CERTIFICATE', first)}${toPem('PRIVATE KEY', second)}${toPem('CERTIFICATE', second)}`;
  expect(certificatesInPem(text).map((der) => Buffer.from(der))).toEqual([first, second]);
  expect(certificatesInPem(text.replaceAll('\n', '\r\n'))).toHaveLength(2);
});

test('bounds: at most 100 certificates and 1 MiB', () => {
  const block = toPem('CERTIFICATE', Buffer.alloc(3));
  expect(certificatesInPem(block.repeat(120))).toHaveLength(100);
  expect(certificatesInPem(`${block}${' '.repeat(1_048_576)}`)).toEqual([]);
});
