/** What a probe of `selftest` gets and gives. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { AgentHome } from '../identity/index.ts';

/** What the probes look at. */
export interface Scene {
  readonly home: AgentHome;
  readonly environment: NodeJS.ProcessEnv;
  readonly platform: NodeJS.Platform;
  /** Whether the service may be killed. */
  readonly disruptive: boolean;
  /** Whether the screen may be locked. */
  readonly lock: boolean;
}

export interface Outcome {
  readonly result: 'passed' | 'failed' | 'skipped';
  readonly reason: string;
}

/** Tries one point. What it throws is a failure. */
export type Probe = (scene: Scene) => Outcome | Promise<Outcome>;

const ASKING_MS = 20_000;
const ANSWER_BYTES = 1_048_576;

export function passed(reason: string): Outcome {
  return { result: 'passed', reason };
}

export function failed(reason: string): Outcome {
  return { result: 'failed', reason };
}

export function skipped(reason: string): Outcome {
  return { result: 'skipped', reason };
}

/** What a program of the system says; null when it is not there or ends with an error. */
export async function ask(program: string, ...args: string[]): Promise<string | null> {
  try {
    const options = { timeout: ASKING_MS, maxBuffer: ANSWER_BYTES, windowsHide: true };
    return (await promisify(execFile)(program, args, options)).stdout;
  } catch {
    return null;
  }
}
