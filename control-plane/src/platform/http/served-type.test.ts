import { expect, test } from 'vitest';
import { servedType } from './served-type.ts';

test.each([
  ['image/png', 'image/png'],
  ['Text/Plain; charset=utf-8', 'text/plain'],
  ['application/jsonl', 'application/jsonl'],
  ['text/html', 'application/octet-stream'],
  ['text/html;x', 'application/octet-stream'],
  ['application/xhtml+xml', 'application/octet-stream'],
  ['image/svg+xml', 'application/octet-stream'],
  ['text/xml', 'application/octet-stream'],
  ['text/javascript', 'application/octet-stream'],
  ['text/css', 'application/octet-stream'],
  ['multipart/x-mixed-replace', 'application/octet-stream'],
  ['image/png\r\nx: y', 'application/octet-stream'],
  ['image/png, text/html', 'application/octet-stream'],
  ['', 'application/octet-stream'],
])('%j is sent as %s', (declared, sent) => {
  expect(servedType(declared)).toBe(sent);
});
