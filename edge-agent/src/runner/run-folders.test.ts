/** The folders of runs: which go, and what happens where none can. */
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { RunFolders } from './index.ts';
import { EMPTY_MS } from './run-folders.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'casare-folders-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('folders of old runs are removed, those of held runs stay', () => {
  const root = join(folder, 'pruned');
  for (let n = 0; n < 30; n += 1) mkdirSync(join(root, `job-${n}`), { recursive: true });
  new RunFolders(root).prune(new Set(['job-0', 'job-1']));
  expect(existsSync(join(root, 'job-0')) && existsSync(join(root, 'job-1'))).toBe(true);
  const left = Array.from({ length: 30 }, (_, n) => n).filter((n) => existsSync(join(root, `job-${n}`)));
  expect(left).toHaveLength(22);
});

test('a folder that cannot be removed keeps nobody from going on', () => {
  const open = Array.from({ length: 25 }, () => openSync('/dev/null', 'r'));
  try {
    // nothing can be removed there, not even by root
    expect(() => new RunFolders('/proc/self/fdinfo').prune(new Set())).not.toThrow();
  } finally {
    for (const file of open) closeSync(file);
  }
});

const modeOf = (path: string): string => (statSync(path).mode & 0o7777).toString(8);
const shared = (): RunFolders => new RunFolders(folder, { empty: () => Promise.resolve() });

test('the folder of a run is open to the group of the place while it has a worker; after a kill -9 the next agent closes it', () => {
  const made = shared().make('job-1');
  expect([modeOf(made), modeOf(join(made, 'files'))]).toEqual(['770', '770']);
  shared().close('job-1');
  expect(modeOf(made)).toBe('700');
  shared().make('job-1');
  shared().make('job-2');
  shared().closeAll();
  expect([modeOf(made), modeOf(join(folder, 'job-2'))]).toEqual(['700', '700']);
});

test('a link that a job left in the place of its files is replaced, and what it leads to stays as it is', () => {
  const theirs = join(folder, 'theirs');
  mkdirSync(theirs);
  chmodSync(theirs, 0o700);
  const made = shared().make('job-1');
  rmdirSync(join(made, 'files'));
  symlinkSync(theirs, join(made, 'files'));
  shared().make('job-1');
  expect(modeOf(theirs)).toBe('700');
  expect(lstatSync(join(made, 'files')).isDirectory()).toBe(true);
  // In the place of the whole folder, which only the agent itself could put there.
  symlinkSync(theirs, join(folder, 'job-2'));
  expect(() => shared().make('job-2')).toThrow('ENOTDIR');
});

test('what cannot be kept from others, as on Windows, is not kept once its run is over', () => {
  const folders = new RunFolders(folder, { empty: () => Promise.resolve(), kept: 0 });
  for (const name of ['job-1', 'job-2']) folders.make(name);
  folders.prune(new Set(['job-2']));
  expect([existsSync(join(folder, 'job-1')), existsSync(join(folder, 'job-2'))]).toEqual([false, true]);
});

const NOBODY = 65_534;

test.skipIf(process.getuid?.() !== 0)(
  'a host that does not empty a folder leaves it open no longer than a while (needs root, to be another user)',
  () => {
    vi.useFakeTimers();
    // What is in it is another user's, as a worker's is.
    const theirs = join(folder, 'job-1', 'theirs');
    mkdirSync(theirs, { recursive: true });
    closeSync(openSync(join(theirs, 'file'), 'w'));
    for (const own of [folder, join(folder, 'job-1')]) chownSync(own, NOBODY, NOBODY);
    process.setegid?.(NOBODY);
    process.seteuid?.(NOBODY);
    try {
      const asked: string[] = [];
      const empty = (jobId: string): Promise<void> => {
        asked.push(jobId);
        return new Promise(() => undefined);
      };
      const folders = new RunFolders(folder, { empty, kept: 0 });
      folders.prune(new Set());
      folders.prune(new Set());
      expect(asked, 'asked for once, as long as it waits').toEqual(['job-1']);
      expect(modeOf(join(folder, 'job-1'))).toBe('770');
      vi.advanceTimersByTime(EMPTY_MS);
      expect(modeOf(join(folder, 'job-1'))).toBe('700');
      // One that was given to a run meanwhile is not closed to it.
      folders.prune(new Set());
      process.seteuid?.(0);
      folders.make('job-1');
      vi.advanceTimersByTime(EMPTY_MS);
      expect(modeOf(join(folder, 'job-1'))).toBe('770');
    } finally {
      process.seteuid?.(0);
      process.setegid?.(0);
      vi.useRealTimers();
    }
  },
);
