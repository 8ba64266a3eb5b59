/**
 * Schemathesis, an outside client that reads the OpenAPI document and tries every operation with what it allows and what it does
 * not. From PyPI at pinned versions, into a virtual environment below `node_modules` that later runs use again.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from './program.ts';

const PINS = path.join(import.meta.dirname, 'schemathesis.requirements.txt');
const VERSION = '4.32.5';
const HOME = path.join(ROOT, 'node_modules', `.casare-schemathesis-${VERSION}`);
const INSTALL_MS = 120_000;
const run = promisify(execFile);

/** What a run came to. */
export interface Outcome {
  /** Operations that were tried, and requests that were made. */
  readonly operations: number;
  readonly requests: number;
  /** One line for each fault that was found; empty when all is well. */
  readonly faults: readonly string[];
  /** What it printed. */
  readonly said: string;
}

export interface Fuzzing {
  readonly url: string;
  readonly apiKey: string;
  /** Arguments that choose operations. */
  readonly operations: readonly string[];
  readonly seconds: number;
  readonly seed: number;
  /** A file to write the report to. */
  readonly report: string;
}

export type Fuzzer = (fuzzing: Fuzzing) => Promise<Outcome>;

/** The fuzzer, installed if need be, or why it is not there. */
export async function findSchemathesis(): Promise<Fuzzer | { readonly reason: string }> {
  const program = path.join(HOME, 'bin', 'schemathesis');
  if (!existsSync(program)) {
    try {
      await run('python3', ['-m', 'venv', HOME]);
      const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps', '-r', PINS];
      await run(path.join(HOME, 'bin', 'python3'), pip, { timeout: INSTALL_MS });
    } catch (error) {
      await rm(HOME, { recursive: true, force: true });
      const { stderr, message } = error as { stderr?: string; message: string };
      const why = (stderr?.trim().split('\n').at(-1) || message).slice(0, 200);
      return {
        reason: `schemathesis ${VERSION} cannot be installed (python3, python3-venv and PyPI are needed): ${why}`,
      };
    }
  }
  return (fuzzing) => fuzz(program, fuzzing);
}

const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
  'ignored_auth',
];

async function fuzz(program: string, { url, apiKey, operations, seconds, seed, report }: Fuzzing): Promise<Outcome> {
  const args = [
    ...['run', `${url}/api/openapi.json`, '--header', `Authorization: Bearer ${apiKey}`, ...operations],
    ...['--phases', 'examples,coverage,fuzzing', '--checks', CHECKS.join(',')],
    ...['--max-examples', '10', '--max-time', String(seconds), '--seed', String(seed)],
    // One worker: several trip over each other within its library.
    ...[
      '--workers',
      '1',
      '--no-shrink',
      '--continue-on-failure',
      '--request-timeout',
      '20',
      '--warnings',
      'off',
      '--output-truncate',
      'true',
    ],
    ...['--report', 'json', '--report-json-path', report],
  ];
  const said = await run(program, args, { cwd: path.dirname(report), maxBuffer: 256 * 1_048_576 }).then(
    ({ stdout }) => stdout,
    // Its status says that it found something; the report says what.
    (error: unknown) => (error as { stdout?: string }).stdout ?? '',
  );
  const read = JSON.parse(await readFile(report, 'utf8')) as Report;
  const faults = read.failures.map(
    ({ title, operations: where }) => `${title}: ${where.map((one) => JSON.stringify(one).slice(0, 400)).join('; ')}`,
  );
  const errors = read.errors.map((error) => `error of the fuzzer: ${JSON.stringify(error).slice(0, 400)}`);
  return {
    operations: read.operations.tested,
    requests: read.test_cases.generated,
    faults: [...faults, ...errors],
    said,
  };
}

interface Report {
  readonly operations: { readonly tested: number };
  readonly test_cases: { readonly generated: number };
  readonly failures: readonly { readonly title: string; readonly operations: readonly unknown[] }[];
  readonly errors: readonly unknown[];
}
