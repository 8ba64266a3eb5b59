/** The proxy that the environment names for an address, as browsers read it: HTTPS_PROXY, HTTP_PROXY, NO_PROXY. */
import { decoded, isLoopback, leavesOut } from '../network/index.ts';
import type { Environment } from './environment.ts';

export interface Upstream {
  readonly url: URL;
  /** The header that names us, where the setting holds credentials. */
  readonly authorization?: string;
}

/** `null` for a direct connection. A setting that is no http address counts as none. */
export function upstreamOf(env: Environment, target: URL): Upstream | null {
  const said = named(env, target.protocol === 'http:' ? 'HTTP_PROXY' : 'HTTPS_PROXY');
  const exceptions = (named(env, 'NO_PROXY') ?? '').split(/[\s,]+/).filter((entry) => entry !== '');
  if (said === undefined || !URL.canParse(said) || new URL(said).protocol !== 'http:') return null;
  if (isLoopback(target) || leavesOut(exceptions, target)) return null;
  const url = new URL(said);
  if (url.username === '') return { url };
  const credentials = `${decoded(url.username)}:${decoded(url.password)}`;
  return { url, authorization: `Basic ${Buffer.from(credentials).toString('base64')}` };
}

function named(env: Environment, name: string): string | undefined {
  const value = env[name] ?? env[name.toLowerCase()];
  return value === '' ? undefined : value;
}
