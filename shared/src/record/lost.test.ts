import { expect, test } from 'vitest';
import { lostLine, lostName, readLostLine, readLostName } from './lost.ts';

test('a line is read as it was written, whatever its parts hold', () => {
  const lost = {
    code: 'EVIDENCE_DROPPED',
    name: 'steps/a "b": c/after.png',
    position: '/do/0/x: "y" of "z"[1]',
    why: 'a\nb: c',
  };
  expect(readLostLine(lostLine(lost))).toEqual(lost);
});

test('other lines and names are none', () => {
  for (const line of [
    'hello',
    'EVIDENCE_DROPPED: no room',
    'X: "a" of "b": c',
    String.raw`EVIDENCE_X: "\q" of "b": c`,
  ]) {
    expect(readLostLine(line)).toBeNull();
  }
  for (const name of ['after.png', '.EVIDENCE_DROPPED.lost.json', 'a.png.lost.json', 'a.png.withheld.json']) {
    expect(readLostName(name)).toBeNull();
  }
});

test('a name is read as it was written, stays within an artifact’s length, and says what its code means', () => {
  expect(readLostName(lostName('steps/a/after.png', 'EVIDENCE_DROPPED'))).toEqual({
    ...{ code: 'EVIDENCE_DROPPED', name: 'steps/a/after.png' },
    why: 'the agent had no room for it any more before it could be sent',
  });
  expect(readLostName(lostName('a.png', 'NEW_CODE'))?.why).toBe('the control plane did not take it');
  expect(lostName('x'.repeat(600), 'A'.repeat(61)).length).toBeLessThan(500);
});
