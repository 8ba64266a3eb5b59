/**
 * The checker of the simulation is no ornament: bugs put into the product, one at a time, are each found. A simulation keeps
 * one processor busy, so there is a copy of the product for each, and a bug waits until one is free.
 */
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { linkPackages } from '../../scripts/link-packages.mjs';
import { MUTATIONS, type Mutation } from '../simulation/mutations.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const BUILT = ['shared', 'certs', 'control-plane', 'edge-agent'];
/** Seeds that are tried before a bug counts as not found. */
const SEEDS = 300;
/** vitest begins five tests at once and no more. */
const COPIES = Math.min(os.availableParallelism(), 5);

let folder: string;
/** Copies that hold no bug now, and who waits for one. */
const free: string[] = [];
const waiting: ((copy: string) => void)[] = [];

beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'casare-mutations-'));
  for (let n = 0; n < COPIES; n++) free.push(copyTo(path.join(folder, String(n))));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function copyTo(copy: string): string {
  cpSync(path.join(ROOT, 'package.json'), path.join(copy, 'package.json'));
  for (const name of BUILT) {
    cpSync(path.join(ROOT, name, 'package.json'), path.join(copy, name, 'package.json'));
    cpSync(path.join(ROOT, name, 'dist'), path.join(copy, name, 'dist'), { recursive: true });
  }
  cpSync(path.join(ROOT, 'test/package.json'), path.join(copy, 'test/package.json'));
  cpSync(path.join(ROOT, 'test/simulation'), path.join(copy, 'test/simulation'), { recursive: true });
  linkPackages(ROOT, copy, [...BUILT, 'test']);
  return copy;
}

async function inCopy<T>(run: (copy: string) => Promise<T>): Promise<T> {
  const copy = free.pop() ?? (await new Promise<string>((resolve) => waiting.push(resolve)));
  try {
    return await run(copy);
  } finally {
    const next = waiting.shift();
    if (next === undefined) free.push(copy);
    else next(copy);
  }
}

/** The first seed that fails, with what the checker says; none when none does. */
async function simulate(
  copy: string,
  seeds: number,
): Promise<{ readonly failed: readonly number[]; readonly said: readonly string[] }> {
  const args = ['--disable-warning=ExperimentalWarning', 'test/simulation/main.ts', '--seeds', String(seeds), '--bail'];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd: copy });
  const lines = stdout.trim().split('\n');
  const outcome = lines.at(-1) ?? '';
  if (!outcome.startsWith('{')) throw new Error(`the simulation broke: ${stderr.slice(-2_000)}`);
  const { failed } = JSON.parse(outcome) as { failed: number[] };
  return { failed, said: lines.filter((line) => /^ {2}\S/.test(line)).map((line) => line.trim()) };
}

async function withBug<T>(copy: string, { file, find, replace }: Mutation, run: () => Promise<T>): Promise<T> {
  const at = path.join(copy, file);
  const source = readFileSync(at, 'utf8');
  expect(source.split(find), `${file} holds the text once`).toHaveLength(2);
  writeFileSync(
    at,
    source.replace(find, () => replace),
  );
  try {
    return await run();
  } finally {
    writeFileSync(at, source);
  }
}

describe.concurrent('the checker of the simulation', () => {
  test('finds nothing in the product as it is', async () => {
    expect(await inCopy((copy) => simulate(copy, 20))).toEqual({ failed: [], said: [] });
  });

  for (const mutation of MUTATIONS) {
    test(`finds: ${mutation.name}`, async () => {
      const { failed, said } = await inCopy((copy) => withBug(copy, mutation, () => simulate(copy, SEEDS)));
      expect(failed).toHaveLength(1);
      expect(said.some((violation) => mutation.caughtBy.test(violation))).toBe(true);
    });
  }
});
