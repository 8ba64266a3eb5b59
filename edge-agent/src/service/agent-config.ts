/**
 * `agent.yaml`: what IT says about an agent before it is there, so that a thousand machines are set up by one file.
 *
 * It is read once, at the start. The environment goes over it, and options go over both. An agent that has this file
 * takes its way out of the network from it alone: `network.json` of its home is not read, so that one place is true.
 *
 * Invariants: it holds no secret (the join token and the proxy's credentials are in files of their own); a file with a
 * fault is refused as a whole, with all its faults; no message shows a value, which may hold a password.
 */
import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Capability, Slots } from '@casare/shared/protocol';
import { readSettings, SETTINGS_BYTES, settingsFaults } from '@casare/shared/settings';
import type { Problem } from '@casare/shared/workflow';
import { z } from 'zod';
import { codeOf, Fault } from '../fault.ts';
import { NetworkSettings } from '../network/index.ts';
import { changeProblem } from '../windows/index.ts';
import { EXIT } from './exit-codes.ts';

const enrolUrl = z
  .string()
  .max(2_000)
  .refine(isHttps, 'expected the https:// URL of the enrol listener, without a user');
const label = z
  .string()
  .refine((text) => Capability.safeParse(text).success, 'expected `name` or `name=value`, such as `hall=2`');

/** The content of the file. */
export const AgentConfig = z.strictObject({
  /** The enrol listener; needed until the agent is enrolled. */
  url: enrolUrl.optional(),
  /** How people call the agent; the host name where it is absent. */
  name: z.string().min(1).max(100).optional(),
  /** Where it stands, for people (`site=…`); the join token says where it is for routing. */
  site: z
    .string()
    .regex(/^[^\s=]{1,128}$/, 'expected a name without spaces')
    .optional(),
  /** Labels for people. */
  tags: z.array(label).max(99).optional(),
  /** Jobs at once; what is absent keeps its default. */
  slots: z.strictObject(Slots.partial().shape).optional(),
  ...NetworkSettings.shape,
  /** Read when there is no identity, and erased when there is one. */
  joinTokenFile: z.string().min(1).max(4_096).optional(),
  /** Workers run as another user: where their worker host comes to. */
  workerSocket: z.string().min(1).max(4_096).optional(),
});

/** A file that was read, paths absolute. */
export interface HeldConfig {
  readonly file: string;
  readonly url: string | undefined;
  readonly name: string | undefined;
  /** `site=…` and the tags. */
  readonly declared: readonly string[];
  readonly slots: Partial<Slots>;
  readonly network: NetworkSettings;
  /** Absent: `join-token` in the agent home, where an agent that may do little else can erase it. */
  readonly joinTokenFile: string | undefined;
  readonly workerSocket: string | undefined;
}

/** The file cannot be used: all that is wrong, a line each. */
export class ConfigInvalid extends Fault {
  readonly lines: readonly string[];

  constructor(file: string, problems: readonly Problem[]) {
    const { text, lines } = settingsFaults(file, problems);
    super('CONFIG_INVALID', text, { exitCode: EXIT.usage });
    this.lines = lines;
  }
}

/**
 * Reads the file that `--config` or CASARE_AGENT_CONFIG names. Throws ConfigInvalid, CONFIG_MISSING, CONFIG_UNREADABLE, and
 * CONFIG_UNSAFE on Windows, where a new folder is open to every user unless somebody closes it.
 */
export function readAgentConfig(named: string): HeldConfig {
  const file = resolve(named);
  const text = textOf(file);
  const problem = process.platform === 'win32' ? changeProblem(file) : null;
  if (problem !== null) throw unusable('CONFIG_UNSAFE', `${file} cannot be trusted: ${problem}`);
  return heldConfig(text, file);
}

/** What the text of a file says. Throws ConfigInvalid. */
export function heldConfig(text: string, file: string): HeldConfig {
  const read = readSettings(text, AgentConfig);
  if (!read.ok) throw new ConfigInvalid(file, read.problems);
  const { url, name, site, tags, slots, joinTokenFile, workerSocket, ...network } = read.value;
  const folder = dirname(file);
  const { caFile, proxyAuthFile } = network;
  return {
    file,
    url,
    name,
    declared: [...(site === undefined ? [] : [`site=${site}`]), ...(tags ?? [])],
    slots: Object.fromEntries(Object.entries(slots ?? {}).filter(([, count]) => count !== undefined)),
    network: NetworkSettings.parse({
      ...network,
      ...(caFile === undefined ? {} : { caFile: resolve(folder, caFile) }),
      ...(proxyAuthFile === undefined ? {} : { proxyAuthFile: resolve(folder, proxyAuthFile) }),
    }),
    joinTokenFile: joinTokenFile === undefined ? undefined : resolve(folder, joinTokenFile),
    workerSocket: workerSocket === undefined ? undefined : resolve(folder, workerSocket),
  };
}

function textOf(file: string): string {
  try {
    if (statSync(file).size <= SETTINGS_BYTES) return readFileSync(file, 'utf8');
  } catch (error) {
    const isMissing = codeOf(error) === 'ENOENT';
    const why = isMissing ? 'does not exist' : `cannot be read (${codeOf(error) || 'unknown'})`;
    throw unusable(isMissing ? 'CONFIG_MISSING' : 'CONFIG_UNREADABLE', `${file} ${why}: check --config and its owner`);
  }
  throw unusable('CONFIG_UNREADABLE', `${file} has more than ${SETTINGS_BYTES} bytes: shorten it`);
}

function unusable(code: string, text: string): Fault {
  return new Fault(code, text, { exitCode: EXIT.usage });
}

function isHttps(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : null;
  return url?.protocol === 'https:' && `${url.username}${url.password}` === '';
}
