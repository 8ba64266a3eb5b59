/**
 * Test projects: `unit` (beside the source, and stores on a real Postgres), `security` (numbered attacks), `e2e` (real
 * processes), `system` (the slow tier) and `timed` (of the slow tier what asserts how long something takes).
 */
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.ts';

const resolve = { conditions: ['source'] };
const ssr = { resolve: { conditions: ['source'], externalConditions: ['source'] } };
/**
 * Files at once. Vitest keeps one processor for itself unless told, which on two is half of the time; and a file waits for a
 * third of its time or more: for processes that start, for PostgreSQL, for timers.
 */
const WORKERS = Math.ceil(availableParallelism() * 1.5);
/** How long is waited for what must become true, milliseconds: a second is nothing on a machine that is busy. */
const POLLED = { poll: { timeout: 20_000 } };
/** The same for `vi.waitFor`, and why an answer of a test's control plane was an error. */
const SET_UP = ['test/support/patience.ts', 'control-plane/src/platform/testing-causes.ts'];
/** Whose times say something only where nothing else runs. */
const TIMED = ['test/system/lock-latency.test.ts'];

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        resolve,
        ssr,
        test: {
          name: 'unit',
          expect: POLLED,
          setupFiles: SET_UP,
          globalSetup: ['control-plane/src/platform/database/testing-global.ts'],
          include: [
            '{shared,certs,control-plane,edge-agent}/src/**/*.test.ts',
            'installer/{bundle,windows,linux,docker}/**/*.test.ts',
            'docs/examples/**/*.test.ts',
            'test/{bench,chaos,conformance,simulation}/**/*.test.ts',
          ],
          // Only what hangs: three seconds are thirty on a machine that is busy.
          testTimeout: 120_000,
          hookTimeout: 120_000,
          maxWorkers: WORKERS,
        },
      },
      {
        resolve,
        ssr,
        test: {
          name: 'e2e',
          expect: POLLED,
          setupFiles: SET_UP,
          globalSetup: ['control-plane/src/platform/database/testing-global.ts'],
          include: ['test/e2e/**/*.test.ts'],
          // A whole installation is started in most hooks, and what is waited for there says by itself what is missing.
          testTimeout: 300_000,
          hookTimeout: 600_000,
          // Much of their time is spent waiting: for leases, browsers, processes that start.
          maxWorkers: 2,
        },
      },
      {
        resolve,
        ssr,
        test: {
          name: 'security',
          expect: POLLED,
          setupFiles: SET_UP,
          globalSetup: ['control-plane/src/platform/database/testing-global.ts'],
          include: ['test/security/**/*.test.ts'],
          // The largest go through every operation of the API by every role.
          testTimeout: 180_000,
          hookTimeout: 120_000,
          maxWorkers: WORKERS,
        },
      },
      {
        resolve,
        ssr,
        test: {
          name: 'system',
          expect: POLLED,
          setupFiles: SET_UP,
          globalSetup: ['control-plane/src/platform/database/testing-global.ts'],
          include: ['test/system/**/*.test.ts'],
          exclude: TIMED,
          testTimeout: 900_000,
          hookTimeout: 600_000,
          // Every file has ports, folders and systems of its own; what they share below `node_modules` is made under a lock.
          maxWorkers: 2,
        },
      },
      {
        resolve,
        ssr,
        test: {
          name: 'timed',
          expect: POLLED,
          setupFiles: SET_UP,
          globalSetup: ['control-plane/src/platform/database/testing-global.ts'],
          include: TIMED,
          testTimeout: 900_000,
          hookTimeout: 600_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
