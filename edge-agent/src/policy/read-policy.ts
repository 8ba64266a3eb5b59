/**
 * Finds and reads `policy.yaml`. A file that others than its owner may write is no policy: it is refused, and so is one
 * with a fault in it, by line and column. There is no half of a policy.
 */
import { createHash } from 'node:crypto';
import { closeSync, fstatSync, lstatSync, openSync, readFileSync } from 'node:fs';
import { join, win32 } from 'node:path';
import { readSource, schemaFindings } from '@casare/shared/workflow';
import { codeOf, describe, Fault } from '../fault.ts';
import { ownerProblem } from '../owned-file.ts';
import { NO_POLICY, Policy } from './policy-file.ts';

const FILE_BYTES = 1_048_576;
/** Its name in an agent home. */
export const POLICY_NAME = 'policy.yaml';

/** Where the policy is looked for. */
export interface PolicyPlace {
  readonly file: string;
  /** It was named, or was there at the start: without it the agent does nothing. */
  readonly required: boolean;
}

/** A policy as it is in force. */
export interface PolicyInForce {
  readonly policy: Policy;
  /** Null where there is none. */
  readonly file: string | null;
  /** SHA-256 of the file, hex; `none` where there is none. */
  readonly digest: string;
  /** The user that jobs run under could write it. */
  readonly exposed: boolean;
}

export const NONE: PolicyInForce = { policy: NO_POLICY, file: null, digest: 'none', exposed: false };

/** The file that was named, else that of the machine, else that of the agent home. */
export function policyPlace(named: string | undefined, home: string, system = systemPolicy()): PolicyPlace {
  if (named !== undefined && named !== '') return { file: named, required: true };
  const file = exists(system) ? system : join(home, POLICY_NAME);
  return { file, required: exists(file) };
}

/**
 * Where the machine's administrator writes it. On Windows anybody may make folders in the root of a drive: `/etc` would be
 * whoever's came first.
 */
export function systemPolicy(platform = process.platform, environment = process.env): string {
  if (platform !== 'win32') return '/etc/casare/policy.yaml';
  return win32.join(environment['ProgramData'] ?? 'C:\\ProgramData', 'Casare', 'policy.yaml');
}

/**
 * Reads it.
 * @param workerUid who the jobs run as; undefined: as the agent does
 * @throws Fault POLICY_MISSING, POLICY_UNSAFE, POLICY_INVALID, POLICY_UNREADABLE
 */
export function readPolicy({ file, required }: PolicyPlace, workerUid?: number): PolicyInForce {
  let content: Buffer;
  let owner: number;
  try {
    const handle = openSync(file, 'r');
    try {
      const { size, mode, uid } = fstatSync(handle);
      if (size > FILE_BYTES) throw new Fault('POLICY_INVALID', `${file} has more than ${FILE_BYTES} bytes: shorten it`);
      const problem = ownerProblem(file, uid, mode, workerUid);
      if (problem !== null) throw new Fault('POLICY_UNSAFE', `the policy ${file} cannot be trusted: ${problem}`);
      owner = uid;
      content = readFileSync(handle);
    } finally {
      closeSync(handle);
    }
  } catch (error) {
    if (error instanceof Fault) throw error;
    if (codeOf(error) === 'ENOENT' && !required) return NONE;
    if (codeOf(error) === 'ENOENT') {
      throw new Fault('POLICY_MISSING', `there is no policy at ${file}: put it back, or name another one by --policy`);
    }
    throw new Fault(
      'POLICY_UNREADABLE',
      `the policy ${file} cannot be read (${describe(error)}): check its permissions`,
    );
  }
  return {
    policy: parsePolicy(content.toString('utf8'), file),
    file,
    digest: createHash('sha256').update(content).digest('hex'),
    exposed: process.platform === 'win32' ? isWritable(file) : owner === (workerUid ?? process.getuid?.()),
  };
}

/** What stands in the file. Throws POLICY_INVALID with the place. */
export function parsePolicy(text: string, file: string): Policy {
  const source = readSource(text, 'yaml');
  if (!source.ok) throw invalid(file, source.problems[0]);
  // An empty file, or one with comments only.
  const value = source.value ?? {};
  const found = schemaFindings(Policy, value, '').map(source.locate);
  if (found.length > 0) throw invalid(file, found[0], found.length - 1);
  return Policy.parse(value);
}

function invalid(
  file: string,
  problem?: { line: number; column: number; path: string; message: string },
  more = 0,
): Fault {
  const at = problem === undefined ? '' : `line ${problem.line}, column ${problem.column}: `;
  const others = more === 0 ? '' : ` (and ${more} more)`;
  return new Fault('POLICY_INVALID', `${file}, ${at}${problem?.message ?? 'it is no policy'}${others}: correct it`);
}

/** On Windows, whether this account may write it: asked of the system, and nothing is written. */
function isWritable(file: string): boolean {
  try {
    closeSync(openSync(file, 'r+'));
    return true;
  } catch (error) {
    return codeOf(error) !== 'EPERM' && codeOf(error) !== 'EACCES';
  }
}

function exists(file: string): boolean {
  try {
    lstatSync(file);
    return true;
  } catch (error) {
    // What cannot even be looked at is there: it is not passed over.
    return codeOf(error) !== 'ENOENT' && codeOf(error) !== 'ENOTDIR';
  }
}
