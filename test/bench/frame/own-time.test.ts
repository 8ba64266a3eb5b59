import { expect, test } from 'vitest';
import { OwnTime, type ProcessTimes } from './own-time.ts';

const ROOT = 10;

function process(pid: number, parent: number, self: number, waited = 0, startTicks = pid): ProcessTimes {
  return { pid, parent, startTicks, self, waited };
}

test('counts the tree below its roots and nothing else', () => {
  const own = new OwnTime();
  own.look(
    [process(1, 0, 100), process(ROOT, 1, 1), process(11, ROOT, 2), process(12, 11, 4), process(20, 1, 50)],
    [ROOT],
  );
  expect(own.seconds).toBe(7);
});

test('a process that ends unwaited keeps what was seen of it', () => {
  const own = new OwnTime();
  own.look([process(ROOT, 1, 1), process(11, ROOT, 2), process(12, 11, 4)], [ROOT]);
  // Its parent was killed: it is the child of another one now, and counts on.
  own.look([process(ROOT, 1, 1), process(12, 1, 6)], [ROOT]);
  expect(own.seconds).toBe(9);
  own.look([process(ROOT, 1, 1)], [ROOT]);
  expect(own.seconds).toBe(9);
});

test('what a parent has of an ended child counts once, with what came after the last look', () => {
  const own = new OwnTime();
  own.look([process(ROOT, 1, 1), process(11, ROOT, 2), process(12, 11, 4)], [ROOT]);
  own.look([process(ROOT, 1, 1), process(11, ROOT, 2, 5)], [ROOT]);
  expect(own.seconds).toBe(8);
  own.look([process(ROOT, 1, 1, 7.5)], [ROOT]);
  expect(own.seconds).toBe(8.5);
});

test('a child that came and went between two looks counts by its parent', () => {
  const own = new OwnTime();
  own.look([process(ROOT, 1, 1)], [ROOT]);
  own.look([process(ROOT, 1, 1, 3)], [ROOT]);
  expect(own.seconds).toBe(4);
});

test('a number that is given again is another process', () => {
  const own = new OwnTime();
  own.look([process(ROOT, 1, 1), process(11, ROOT, 2)], [ROOT]);
  own.look([process(ROOT, 1, 1), process(11, 1, 50, 0, 999)], [ROOT]);
  expect(own.seconds).toBe(3);
  expect(own.has(11)).toBe(false);
});
