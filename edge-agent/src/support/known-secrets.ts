/** Secrets of this machine that are known by their value, so that they are found wherever they stand. None of them is kept. */
import { readFileSync, statSync } from 'node:fs';
import type { AgentHome } from '../identity/index.ts';
import type { NetworkSettings } from '../network/index.ts';
import { isAllowed, proxyCredentials } from './environment.decision.ts';

const FILE_BYTES = 65_536;
const SECRET_NAME = /pass|secret|token|key|auth|credential|cookie|pwd/i;

/** Reads them; what cannot be read is no secret of ours to give away. */
export function knownSecrets(
  home: AgentHome,
  settings: NetworkSettings,
  environment: NodeJS.ProcessEnv,
  joinTokenFile: string,
): string[] {
  const named = Object.entries(environment)
    .filter(([name]) => !isAllowed(name) && SECRET_NAME.test(name))
    .map(([, value]) => value ?? '');
  const files = [settings.proxyAuthFile, joinTokenFile, home.sealingKey, home.nextKey, home.key].map(contentOf);
  const urls = Object.values(environment).flatMap((value) => credentialsOf(value ?? ''));
  const proxies = Object.entries(environment)
    .map(([name, value]) => proxyCredentials(name, value ?? ''))
    .filter((text) => text !== null);
  const whole = [...named, ...files, ...urls, ...proxies, ...proxies.map(safelyDecoded)]
    .map((text) => text.trim())
    .filter((text) => text !== '');
  // of `user:password` each half is one too
  return whole.flatMap((text) => [text, ...(text.length < 1_024 ? text.split(':').slice(1) : [])]);
}

function credentialsOf(text: string): string[] {
  const [, credentials] = /^[a-z][a-z0-9+.-]*:\/\/([^\s/@]+)@/i.exec(text) ?? [];
  return credentials === undefined ? [] : [credentials, safelyDecoded(credentials)];
}

function safelyDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function contentOf(file: string | null | undefined): string {
  if (file === null || file === undefined) return '';
  try {
    return statSync(file).size > FILE_BYTES ? '' : readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
