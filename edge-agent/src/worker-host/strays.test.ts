/** What workers leave: it is ended once and for all where that can be, and what Node has started is left to Node. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, expect, test, vi } from 'vitest';
import { ownChildren } from '../runner/own-children.ts';
import { startTicksOf } from '../runner/process-tree.ts';
import { noteEnds, Strays } from './strays.ts';

const LONG = 60_000;
/** Users without rights, where Debian has them. */
const [DAEMON, NOBODY] = [1, 65_534];
const isLinux = process.platform === 'linux';
const isRoot = process.getuid?.() === 0;

let child: ChildProcess | undefined;
afterEach(() => {
  child?.kill('SIGKILL');
  child = undefined;
});

/** A child of this process, and all others as known. */
function stray(user: { readonly uid?: number } = {}): { pid: number; known: Set<number> } {
  const known = new Set(ownChildren().map(({ pid }) => pid));
  child = spawn('sleep', ['600'], { stdio: 'ignore', ...user });
  return { pid: child.pid ?? 0, known };
}

test.skipIf(!isLinux)('what was found is counted, also where it ends at once; its end is left to Node', async () => {
  const { known } = stray();
  const ended = once(child!, 'exit');
  const strays = new Strays(() => undefined);
  expect(strays.end(known)).toBe(1);
  await vi.waitFor(() => expect(strays.end(known)).toBe(0), LONG);
  expect(await ended).toEqual([null, 'SIGKILL']);
});

test.skipIf(!isLinux || !isRoot)(
  'what cannot be ended is waited for once, said once, and then left out (needs root, to have such a one)',
  () => {
    const { pid, known } = stray({ uid: DAEMON });
    const said: string[] = [];
    let now = 0;
    const strays = new Strays(
      (message) => said.push(message),
      () => now,
    );
    // Another user's, which this process may not end meanwhile.
    process.seteuid?.(NOBODY);
    try {
      expect(strays.end(known)).toBe(1);
      now = 9_000;
      expect(strays.end(known)).toBe(1);
      now = 10_000;
      expect([strays.end(known), strays.end(known)]).toEqual([0, 0]);
    } finally {
      process.seteuid?.(0);
    }
    expect(said).toEqual([expect.stringContaining(`process ${pid}`)]);
    expect(startTicksOf(pid)).not.toBeNull();
  },
);

test.skipIf(!isLinux)('no end of a child that Node has started is taken from it', { timeout: LONG }, async () => {
  const stopped = new AbortController();
  noteEnds(stopped.signal, 1);
  try {
    for (let round = 0; round < 10; round += 1) {
      const ends = Array.from({ length: 5 }, () => once(spawn('sh', ['-c', 'exit 7'], { stdio: 'ignore' }), 'exit'));
      // They end while this process does nothing else, as in a long step of a job.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
      expect(await Promise.all(ends)).toEqual(Array(5).fill([7, null]));
    }
  } finally {
    stopped.abort();
  }
});
