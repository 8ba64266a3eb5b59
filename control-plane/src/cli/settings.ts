/**
 * Which control plane to talk to, and as whom: flags, then environment, then what `casare login` saved, then
 * `<home>/admin.json` of a control plane on this machine.
 *
 * Invariant: a saved key is sent only to the address it was saved with.
 */
import { homedir } from 'node:os';
import path from 'node:path';
import { mkdir } from 'node:fs/promises';
import { z } from 'zod';
import { readAdminFile } from '../accounts/index.ts';
import { readConfig } from '../platform/config.ts';
import { Fault } from '../platform/errors.ts';
import { readPrivateFile, writePrivateFile } from '../platform/home.ts';
import { UsageError } from './exit.ts';

export interface Server {
  /** Origin, without a trailing slash. */
  readonly url: string;
  readonly apiKey: string;
}

export interface ServerFlags {
  readonly url?: string | undefined;
  readonly apiKey?: string | undefined;
}

const Saved = z.object({ url: z.url(), apiKey: z.string() });

/** @throws UsageError when nothing says where; Fault when a file cannot be read. */
export async function serverFor(flags: ServerFlags, env: NodeJS.ProcessEnv): Promise<Server> {
  const url = originOf(flags.url ?? env['CASARE_URL']);
  const apiKey = flags.apiKey ?? env['CASARE_API_KEY'];
  if (url !== undefined && apiKey !== undefined) return { url, apiKey };
  const saved = (await readSaved(env)) ?? (await readAdminFile(readConfig(homeOf(env)).home));
  if (saved === null) throw unknown(url);
  const savedUrl = originOf(saved.url)!;
  if (apiKey !== undefined) return { url: url ?? savedUrl, apiKey };
  if (url !== undefined && url !== savedUrl) throw unknown(url);
  return { url: savedUrl, apiKey: saved.apiKey };
}

/** Saves what later calls use. */
export async function saveLogin(server: Server, env: NodeJS.ProcessEnv): Promise<string> {
  const file = loginFile(env);
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  await writePrivateFile(file, `${JSON.stringify(server, null, 2)}\n`);
  return file;
}

async function readSaved(env: NodeJS.ProcessEnv): Promise<Server | null> {
  const content = await readPrivateFile(loginFile(env));
  if (content === null) return null;
  try {
    return Saved.parse(JSON.parse(content.toString('utf8')));
  } catch (cause) {
    const fix = 'Delete it and run `casare login` again';
    throw new Fault({ code: 'LOGIN_FILE_INVALID', what: `${loginFile(env)} cannot be read`, fix, cause });
  }
}

/** Where the sealing keys of agents are kept that were used before. */
export function sealingPinsFile(env: NodeJS.ProcessEnv): string {
  return path.join(configFolder(env), 'sealing-keys.json');
}

function loginFile(env: NodeJS.ProcessEnv): string {
  return path.join(configFolder(env), 'login.json');
}

function configFolder(env: NodeJS.ProcessEnv): string {
  return path.join(env['XDG_CONFIG_HOME'] || path.join(homedir(), '.config'), 'casare');
}

/** Only the home is needed: a wrong port of a server's environment is not this command's business. */
function homeOf(env: NodeJS.ProcessEnv): Record<string, string | undefined> {
  return { CASARE_HOME: env['CASARE_HOME'] };
}

function originOf(url: string | undefined): string | undefined {
  if (!url) return undefined;
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new UsageError(`${url} is not an http or https address.`);
  }
  return new URL(url).origin;
}

function unknown(url: string | undefined): UsageError {
  return new UsageError(
    url === undefined
      ? 'No control plane is known: start one with `casare up`, or run `casare login --url … --api-key …`.'
      : `No API key is known for ${url}: give --api-key, set CASARE_API_KEY, or run \`casare login\`.`,
  );
}
