/** What comes from somewhere else reaches a terminal as text, and programs as the JSON that it is. */
import { expect, test } from 'vitest';
import { json, plain } from './text.ts';

/** Escape sequences in seven and in eight bits, deletion, and marks that turn the direction of a text. */
const HOSTILE = '\u001b[2J\u009b2J\u007f\u202e\u2066é';

test.each([
  ['plain text', plain],
  ['JSON', json],
])('%s holds no character that steers a terminal', (_, write) => {
  expect(write(HOSTILE).trimEnd()).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
  expect(write(HOSTILE)).toContain('é');
});

test('JSON means the same for programs', () => {
  expect(JSON.parse(json({ [HOSTILE]: [HOSTILE] }))).toEqual({ [HOSTILE]: [HOSTILE] });
});
