/**
 * `service configure`: what an installer knows about an agent, written where its service reads it: `agent.yaml`, the join
 * token beside it, the policy of the machine. Run as administrator or root, before the first start and at upgrades.
 *
 * Invariants: everything is judged before anything is written; what is not named stays as it was, and so does an identity;
 * nobody but the agent's account and those who run the machine can read the token.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseJoinToken } from '@casare/certs';
import { readSource } from '@casare/shared/workflow';
import { z } from 'zod';
import { codeOf, Fault } from '../fault.ts';
import { type AgentHome, isEnrolled, makeHome, type Owner, writeWhole } from '../identity/index.ts';
import { parsePolicy } from '../policy/index.ts';
import { heldConfig } from '../service/index.ts';
import { changeProblem, closeToOthers, openToReaders, privacyProblem } from '../windows/index.ts';

/** What is named. Installers name every property they know: one without a value says nothing, null takes it out. */
export interface Configuration {
  readonly settings: Readonly<Record<string, string | readonly string[] | null>>;
  readonly joinToken?: string | undefined;
  /** A file with the policy that is to hold on this machine. */
  readonly policy?: string | undefined;
}

export interface ConfigurePlace {
  readonly home: AgentHome;
  /** `agent.yaml`. */
  readonly config: string;
  /** Where the policy of the machine is. */
  readonly policy: string;
}

const POLICY_BYTES = 1_048_576;

/** Writes it, and answers what was done, a line each. Throws ConfigInvalid, JOIN_TOKEN_MALFORMED, POLICY_INVALID, HOME_UNWRITABLE. */
export function configure(place: ConfigurePlace, wanted: Configuration): string[] {
  const { home, config } = place;
  const before = textAt(config);
  const after = changed(config, before, wanted.settings);
  const joinTokenFile = heldConfig(after ?? before ?? '', config).joinTokenFile ?? home.joinToken;
  const token = wanted.joinToken === undefined ? undefined : wanted.joinToken.trim();
  if (token !== undefined) verifyToken(token);
  const policy = wanted.policy === undefined || wanted.policy === '' ? undefined : policyAt(wanted.policy);
  makeHome(home);
  if (process.platform === 'win32') verifyClosed(home.root);
  const owner = statSync(home.root);
  const done: string[] = [];
  if (policy !== undefined) {
    writePolicy(place.policy, policy);
    done.push(`policy: ${place.policy}`);
  }
  if (token !== undefined && !isEnrolled(home)) {
    writePrivate(joinTokenFile, `${token}\n`, owner);
    done.push(`join token: ${joinTokenFile}, erased once the agent is enrolled`);
  } else if (token !== undefined) done.push('join token: not kept, the agent has an identity');
  try {
    if (after !== null) writeWhole(config, after, process.platform === 'win32' ? 0o600 : 0o644);
  } catch (error) {
    if (done.some((line) => line.startsWith(`join token: ${joinTokenFile}`))) rmSync(joinTokenFile, { force: true });
    throw unwritable(config, error);
  }
  done.push(`settings: ${config}${after === null ? ', unchanged' : ''}`);
  return done;
}

/** The text with the settings in it; null where it says so already. Comments stay where nothing changes. */
function changed(file: string, text: string | null, settings: Configuration['settings']): string | null {
  const source = readSource(text ?? '', 'yaml');
  const found = source.ok ? z.record(z.string(), z.json()).safeParse(source.value ?? {}) : null;
  // what is wrong with it is said by whoever reads it
  if (found?.success !== true) return text === null ? '' : (heldConfig(text, file), null);
  const named = Object.entries(settings).filter(([, value]) => value === null || value.length > 0);
  const merged = Object.entries({ ...found.data, ...Object.fromEntries(named) }).filter(([, value]) => value !== null);
  if (text !== null && JSON.stringify(merged) === JSON.stringify(Object.entries(found.data))) return null;
  // each line is JSON, which YAML is too: no text of a setting can become another setting
  const lines = merged.map(([name, value]) => `${name}: ${JSON.stringify(value)}\n`);
  return ['# Written by `casare-agent service configure`; may be changed by hand.\n', ...lines].join('');
}

/** Closes the home. A folder of somebody else's, or in one, cannot be closed to its owner: nothing is written there. */
function verifyClosed(folder: string): void {
  closeToOthers(folder);
  const problem = privacyProblem(folder, true) ?? changeProblem(folder);
  if (problem === null) return;
  throw new Fault('HOME_UNSAFE', `${problem}; or give the folder to administrators: takeown /a /r /d y /f "${folder}"`);
}

function verifyToken(token: string): void {
  const parsed = parseJoinToken(token);
  if (!parsed.ok) throw new Fault(parsed.code, parsed.message, { exitCode: 2 });
}

function policyAt(file: string): string {
  const text = textAt(file);
  if (text === null) throw new Fault('USAGE', `there is no policy at ${file}`, { exitCode: 2 });
  if (text.length > POLICY_BYTES) throw new Fault('POLICY_INVALID', `${file} has more than ${POLICY_BYTES} bytes`);
  parsePolicy(text, file);
  return text;
}

/** Of the machine's administrator: jobs read it and cannot change it. */
function writePolicy(file: string, text: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
    writeWhole(file, text, 0o644);
    if (process.platform === 'win32') for (const path of [dirname(file), file]) openToReaders(path);
  } catch (error) {
    throw unwritable(file, error);
  }
}

/** Root writes it for the agent's user, whose the home is. */
function writePrivate(file: string, text: string, owner: Owner): void {
  try {
    writeWhole(file, text, 0o600, process.getuid?.() === 0 ? owner : undefined);
  } catch (error) {
    throw unwritable(file, error);
  }
}

function textAt(file: string): string | null {
  try {
    return existsSync(file) ? readFileSync(file, 'utf8') : null;
  } catch (error) {
    throw new Fault('USAGE', `${file} cannot be read (${codeOf(error) || 'unknown'})`, { exitCode: 2 });
  }
}

function unwritable(file: string, error: unknown): Fault {
  if (error instanceof Fault) return error;
  const text = `${file} cannot be written (${codeOf(error) || 'unknown'}): run this as an administrator`;
  return new Fault('CONFIG_UNWRITABLE', text, { cause: error });
}

/** `agent.yaml` of a home where no other file was named. */
export function configOf(home: AgentHome): string {
  return join(home.root, 'agent.yaml');
}
