import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
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

/** Ends the thread that calls it, and no other one (exit(2)). */
const END_THREAD = `require('koffi').load(null).func('long syscall(long number, ...)')(NUMBER, 'int', 0)`;
const NUMBERS: Partial<Record<NodeJS.Architecture, number>> = { x64: 60, arm64: 93 };
const number = process.platform === 'linux' ? NUMBERS[process.arch] : undefined;

test.skipIf(number === undefined)('a process whose first thread alone has ended is none that has ended', async () => {
  const script = END_THREAD.replace('NUMBER', String(number));
  const child = spawn(process.execPath, ['-e', script], { cwd: import.meta.dirname, stdio: 'ignore' });
  const pid = child.pid ?? 0;
  started.push(pid);
  await vi.waitFor(() => expect(readFileSync(`/proc/${pid}/stat`, 'utf8')).toContain(') Z '), { timeout: 20_000 });
  expect(startTicksOf(pid)).not.toBeNull();
});
