import { expect, test } from 'vitest';
import { maskedAddress } from './masked-address.decision.ts';

test.each([
  ['https://hooks.slack.com/services/T000/B000/abcdefghijkl3f9a', 'https://hooks.slack.com/…3f9a'],
  ['https://chat.example:8443/hook?token=0123456789abcdef', 'https://chat.example:8443/…cdef'],
  ['https://ann:hunter2@chat.example/#secret', 'https://chat.example/…'],
  ['http://10.0.0.1/short', 'http://10.0.0.1/…'],
])('of %s people see %s', (url, shown) => {
  expect(maskedAddress(url)).toBe(shown);
});
