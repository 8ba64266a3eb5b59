import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { afterEach, expect, test, vi } from 'vitest';
import { killTree, MARKER_VARIABLE, startTicksOf } from './process-tree.ts';

const started: number[] = [];
afterEach(() => {
  for (const pid of started.splice(0)) if (startTicksOf(pid) !== null) process.kill(pid, 'SIGKILL');
});

function sleeper(marker: string): number {
  const child = spawn('sleep', ['600'], {
    detached: true,
    stdio: 'ignore',
    env: { ...process.env, [MARKER_VARIABLE]: marker },
  });
  started.push(child.pid ?? 0);
  return child.pid ?? 0;
}

test('a stranger that got the pid of a worker is left alone', () => {
  const stranger = sleeper(randomUUID());
  const ticks = startTicksOf(stranger) ?? 0;
  expect(killTree({ pid: stranger, startTicks: ticks - 1, marker: randomUUID() })).toBe(0);
  expect(startTicksOf(stranger)).toBe(ticks);
});

test('what a dead worker left behind is found by its marker', async () => {
  const marker = randomUUID();
  const [leftover, stranger] = [sleeper(marker), sleeper(randomUUID())];
  await vi.waitFor(() => expect(killTree({ pid: 0, startTicks: 0, marker })).toBe(1));
  await vi.waitFor(() => expect(startTicksOf(leftover)).toBeNull());
  expect(startTicksOf(stranger)).not.toBeNull();
});

test('a process that has ended has no start time', async () => {
  const child = spawn('true', { stdio: 'ignore' });
  await once(child, 'exit');
  expect(startTicksOf(child.pid ?? 0)).toBeNull();
});
