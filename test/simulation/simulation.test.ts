/** The simulation keeps the invariants under every seed that is tried here; `npm run sim` tries more. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SEEDS = 200;

function sim(...args: string[]): { readonly status: number | null; readonly output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/sim.mjs', ...args], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  return { status, output: `${stdout}\n${stderr}` };
}

describe('the simulation', () => {
  test(`keeps the invariants under ${SEEDS} seeds`, { timeout: 300_000 }, () => {
    const { status, output } = sim('--seeds', String(SEEDS));
    expect(output).toContain(`${SEEDS} passed, 0 failed`);
    expect(status).toBe(0);
  });

  test('keeps the invariants with a fleet of 120 agents', { timeout: 300_000 }, () => {
    const { status, output } = sim('--seeds', '2', '--agents', '120', '--jobs', '240');
    expect(output).toContain('2 passed, 0 failed: 480 jobs');
    expect(status).toBe(0);
  });

  test('takes the same way again under the same seed, and another under another', { timeout: 60_000 }, () => {
    const traceOf = (seed: string): string | undefined => /trace (\w+)/.exec(sim('--seed', seed).output)?.[1];
    const [once, again, other] = [traceOf('17'), traceOf('17'), traceOf('18')];
    expect(once).toMatch(/^[0-9a-f]{16}$/);
    expect(again).toBe(once);
    expect(other).not.toBe(once);
  });

  test('does more than a handful of things in a seed', { timeout: 60_000 }, () => {
    const { output } = sim('--seed', '17', '--trace');
    for (const what of ['client told', ' leased ', ' succeeded ', 'act ', 'record ']) expect(output).toContain(what);
  });

  test('says what is wrong with its arguments', () => {
    const { status, output } = sim('--seeds', 'many');
    expect(status).toBe(2);
    expect(output).toContain('SIM_USAGE: --seeds must be a whole number above 0');
  });
});
