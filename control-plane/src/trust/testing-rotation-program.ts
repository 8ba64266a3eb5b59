/**
 * The program of `testing-rotation-process.ts` in one file. Some hundred processes of it are killed and resumed: each would
 * spend more time on the loading of 1,200 modules than on its rotation.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

/** Compiled, since a process of its own has no vitest. */
const COMPILED = fileURLToPath(new URL('../../dist/trust/testing-rotation-process.js', import.meta.url));
/** What @nestjs/common would use if it were installed. */
const NOT_INSTALLED = ['class-transformer', 'class-validator'];

/** The path of the file, which goes when this process ends. */
export async function bundleRotationProgram(): Promise<string> {
  const folder = mkdtempSync(path.join(tmpdir(), 'casare-rotation-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const file = path.join(folder, 'rotation.mjs');
  const bundle = await rolldown({ input: COMPILED, platform: 'node', external: NOT_INSTALLED });
  await bundle.write({ file, format: 'esm', codeSplitting: false });
  await bundle.close();
  return file;
}
