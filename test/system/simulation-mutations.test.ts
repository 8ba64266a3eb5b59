/** The checker of the simulation is no ornament: bugs put into the product, one at a time, are each found. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { linkPackages } from '../../scripts/link-packages.mjs';
import { MUTATIONS, type Mutation } from '../simulation/mutations.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const BUILT = ['shared', 'certs', 'control-plane', 'edge-agent'];
/** Seeds that are tried before a bug counts as not found. */
const SEEDS = 150;

let copy: string;

beforeAll(() => {
  copy = mkdtempSync(path.join(os.tmpdir(), 'casare-mutations-'));
  cpSync(path.join(ROOT, 'package.json'), path.join(copy, 'package.json'));
  for (const name of BUILT) {
    cpSync(path.join(ROOT, name, 'package.json'), path.join(copy, name, 'package.json'));
    cpSync(path.join(ROOT, name, 'dist'), path.join(copy, name, 'dist'), { recursive: true });
  }
  cpSync(path.join(ROOT, 'test/package.json'), path.join(copy, 'test/package.json'));
  cpSync(path.join(ROOT, 'test/simulation'), path.join(copy, 'test/simulation'), { recursive: true });
  linkPackages(ROOT, copy, [...BUILT, 'test']);
});

afterAll(() => {
  rmSync(copy, { recursive: true, force: true });
});

/** The first seed that fails, with what the checker says; null when none does. */
function simulate(seeds: number): { readonly failed: readonly number[]; readonly said: readonly string[] } {
  const args = ['--disable-warning=ExperimentalWarning', 'test/simulation/main.ts', '--seeds', String(seeds), '--bail'];
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: copy, encoding: 'utf8' });
  const lines = stdout.trim().split('\n');
  const outcome = lines.at(-1) ?? '';
  if (!outcome.startsWith('{')) throw new Error(`the simulation broke: ${stderr.slice(-2_000)}`);
  const { failed } = JSON.parse(outcome) as { failed: number[] };
  return { failed, said: lines.filter((line) => /^ {2}\S/.test(line)).map((line) => line.trim()) };
}

function withBug<T>({ file, find, replace }: Mutation, run: () => T): T {
  const at = path.join(copy, file);
  const source = readFileSync(at, 'utf8');
  expect(source.split(find), `${file} holds the text once`).toHaveLength(2);
  writeFileSync(
    at,
    source.replace(find, () => replace),
  );
  try {
    return run();
  } finally {
    writeFileSync(at, source);
  }
}

describe('the checker of the simulation', () => {
  test('finds nothing in the product as it is', () => {
    expect(simulate(20)).toEqual({ failed: [], said: [] });
  });

  for (const mutation of MUTATIONS) {
    test(`finds: ${mutation.name}`, () => {
      const { failed, said } = withBug(mutation, () => simulate(SEEDS));
      expect(failed).toHaveLength(1);
      expect(said.some((violation) => mutation.caughtBy.test(violation))).toBe(true);
    });
  }
});
