/**
 * A numbered attack that must fail. Its protections name the code that stops it: `npm run security -- --prove` takes each
 * of them out, in a copy of the sources, and expects the attack to succeed (its test to fail) then.
 */
import { appendFileSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

/** A piece of code. */
interface Piece {
  /** From the root of the checkout. */
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly find: string;
  /** What stands there when the protection is gone; nothing when absent. */
  readonly replace?: string;
}

/** A piece of code without which the attack works. */
export interface Protection extends Piece {
  /**
   * What else stops it, a second line of defence: the prover takes this out too, and sees first that without it alone the
   * attack fails as well.
   */
  readonly behind?: readonly Piece[];
}

const ROOT = path.resolve(import.meta.dirname, '../..');
/** Set by the prover: a file that gets the attacks and their protections, instead of their being run. */
const LIST = process.env['CASARE_SECURITY_LIST'];

/** Declares attack `number` of `docs/security/attacks.md`. Several tests may share a number: all must pass. */
export function attack(
  number: number,
  title: string,
  protections: readonly [Protection, ...Protection[]],
  run: () => Promise<void> | void,
): void {
  const name = `attack ${number}: ${title}`;
  if (LIST !== undefined) {
    appendFileSync(LIST, `${JSON.stringify({ number, name, protections })}\n`);
    test.skip(name, () => undefined);
    return;
  }
  test(name, async () => {
    await run();
    // Removed by the prover, and only then it may be missing.
    if (process.env['CASARE_SECURITY_PROVING'] === undefined) {
      for (const one of protections) for (const piece of [one, ...(one.behind ?? [])]) stands(piece);
    }
  });
}

/** The protection is where it is said to be, so that the claim cannot grow stale. */
function stands({ file, find }: Piece): void {
  const parts = readFileSync(path.join(ROOT, file), 'utf8').split(find);
  expect(parts.length - 1, `${file} holds ${JSON.stringify(find)} once`).toBe(1);
}
