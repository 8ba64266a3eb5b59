/**
 * The way out to the control plane, as `network.json` of the agent home (or `agent.yaml` in its stead) and the
 * environment say it. CASARE_* goes before the file; HTTPS_PROXY and NO_PROXY, which are meant for every program, serve where neither says anything.
 *
 * Invariants: the file holds no secret; a password is read where it is used, and is in no text that this room makes.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { codeOf, Fault } from '../fault.ts';
import { privacyProblem } from '../windows/index.ts';
import { writeWhole } from '../write-whole.ts';
import { isLoopback, leavesOut, NoProxyEntry } from './no-proxy.ts';

const PATH = z.string().min(1).max(4_096);
const CREDENTIALS_BYTES = 1_024;
const FILE_BYTES = 65_536;

/** One text and no union, whose message would show what was given, and that may hold a password. */
const ProxySetting = z
  .string()
  .max(2_000)
  .refine((text) => text === 'none' || isProxyUrl(text), 'must be none, http://host:port or https://host:port');
const CarrierUrl = z.string().max(2_000).refine(isCarrierUrl, 'must be wss://host or wss://host:port');

/** The content of `network.json`, and of `agent.yaml` as far as it is about the way out. */
export const NetworkSettings = z.strictObject({
  /** `none`: not even what HTTPS_PROXY says. */
  proxy: ProxySetting.optional(),
  /** Where `user:password` for the proxy is, one line. */
  proxyAuthFile: PATH.optional(),
  noProxy: z.array(NoProxyEntry).max(100).optional(),
  /** Certificates, PEM, that the outer TLS is verified by too. */
  caFile: PATH.optional(),
  /** Verify the outer TLS by the operating system's store too. */
  systemCa: z.boolean().optional(),
  /** The public web address whose WebSocket carries tunnel and enrolment. */
  carrier: CarrierUrl.optional(),
});
export type NetworkSettings = z.infer<typeof NetworkSettings>;

/** A proxy to go through. */
export interface ProxyWay {
  readonly url: URL;
  /** The header that names us, or null. Called at each connection; throws PROXY_AUTH_UNREADABLE. */
  readonly authorization: () => string | null;
  /** Which setting named it. */
  readonly from: string;
}

/** The way to one host. */
export interface Way {
  readonly proxy: ProxyWay | null;
  /** The setting that leaves this host out of what a proxy is for, such as NO_PROXY; null when none does. */
  readonly passedBy: string | null;
  readonly carrier: URL | null;
  readonly caFile: string | null;
  readonly systemCa: boolean;
}

/** Settings with everything the environment adds. */
export interface Effective {
  readonly settings: NetworkSettings;
  /** The way to `target`; the carrier's host when there is a carrier. */
  wayTo(target: URL): Way;
}

/** Reads `network.json`; no file is no settings. Throws NETWORK_DAMAGED. */
export function readSettings(file: string): NetworkSettings {
  try {
    if (!existsSync(file)) return {};
    if (statSync(file).size > FILE_BYTES) throw new Error('too large');
    return NetworkSettings.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    const text = `${file} cannot be used (${whyOf(error)}): mend it, or write it anew with casare-agent network set`;
    throw new Fault('NETWORK_DAMAGED', text, { cause: error });
  }
}

/** Keeps settings. `changes` go over what is there; an empty text or list takes a setting away. Throws USAGE. */
export function changeSettings(file: string, changes: NetworkSettings): NetworkSettings {
  const merged = Object.entries({ ...readSettings(file), ...changes }).filter(
    ([, value]) =>
      value !== undefined && value !== '' && value !== false && !(Array.isArray(value) && value.length === 0),
  );
  const paths = (name: string, value: unknown): unknown =>
    (name === 'caFile' || name === 'proxyAuthFile') && typeof value === 'string' ? resolve(value) : value;
  const settings = parsed(Object.fromEntries(merged.map(([name, value]) => [name, paths(name, value)])));
  writeWhole(file, `${JSON.stringify(settings, null, 2)}\n`);
  return settings;
}

/**
 * What holds now. `given` is what `agent.yaml` says: then the file is not read. Throws NETWORK_DAMAGED, NETWORK_SETTING.
 */
export function effective(
  file: string,
  environment: NodeJS.ProcessEnv,
  given: NetworkSettings | null = null,
): Effective {
  const settings = { ...(given ?? readSettings(file)), ...fromEnvironment(environment) };
  const kept = given === null ? 'network.json' : 'agent.yaml';
  return {
    settings,
    wayTo: (target) => {
      const carrier = settings.carrier === undefined ? null : new URL(settings.carrier);
      const through = proxyFor(carrier ?? target, settings, environment, kept);
      return { ...through, carrier, caFile: settings.caFile ?? null, systemCa: settings.systemCa ?? false };
    },
  };
}

function fromEnvironment(environment: NodeJS.ProcessEnv): NetworkSettings {
  const noProxy = environment['CASARE_NO_PROXY'];
  const systemCa = environment['CASARE_SYSTEM_CA'];
  const proxy = environment['CASARE_PROXY'];
  const found = {
    proxy: proxy === undefined || proxy === '' ? undefined : withoutUser(proxy, 'CASARE_PROXY'),
    proxyAuthFile: environment['CASARE_PROXY_AUTH_FILE'],
    noProxy: noProxy === undefined ? undefined : listOf(noProxy),
    caFile: environment['CASARE_CA_FILE'],
    systemCa: systemCa === undefined || systemCa === '' ? undefined : systemCa === '1' || systemCa === 'true',
    carrier: environment['CASARE_CARRIER'],
  };
  const set = Object.entries(found).filter(([, value]) => value !== undefined && value !== '');
  return parsed(Object.fromEntries(set), 'CASARE_* in the environment: ');
}

function proxyFor(
  target: URL,
  settings: NetworkSettings,
  environment: NodeJS.ProcessEnv,
  kept: string,
): Pick<Way, 'proxy' | 'passedBy'> {
  const none = { proxy: null, passedBy: null };
  if (settings.proxy === 'none') return none;
  const general = (name: string): string | undefined =>
    environment[name] || environment[name.toLowerCase()] || undefined;
  const common = settings.proxy === undefined ? general('HTTPS_PROXY') : undefined;
  const named = settings.proxy ?? (common === undefined ? undefined : withoutUser(common, 'HTTPS_PROXY'));
  if (named === undefined || named === 'none') return none;
  // what is meant for every program is not meant for what runs on this very machine
  if (common !== undefined && isLoopback(target)) return none;
  if (leavesOut(settings.noProxy ?? listOf(general('NO_PROXY') ?? ''), target)) {
    return { proxy: null, passedBy: bypassName(settings, environment, kept) };
  }
  const from = common !== undefined ? 'HTTPS_PROXY' : environment['CASARE_PROXY'] ? 'CASARE_PROXY' : kept;
  const inUrl = common ?? environment['CASARE_PROXY'] ?? '';
  const authorization = (): string | null => basic(credentials(settings, environment, inUrl));
  return { proxy: { url: new URL(named), authorization, from }, passedBy: null };
}

/** Which setting said what is reached without the proxy. */
function bypassName(settings: NetworkSettings, environment: NodeJS.ProcessEnv, kept: string): string {
  if (settings.noProxy === undefined) return 'NO_PROXY';
  return environment['CASARE_NO_PROXY'] === undefined ? kept : 'CASARE_NO_PROXY';
}

/** `user:password`, from where it is said: the environment, a file, the URL of an environment variable. */
function credentials(settings: NetworkSettings, environment: NodeJS.ProcessEnv, inUrl: string): string | null {
  const given = environment['CASARE_PROXY_AUTH'];
  if (given !== undefined && given !== '') return given;
  if (settings.proxyAuthFile !== undefined) return secretIn(settings.proxyAuthFile);
  const url = URL.canParse(inUrl) ? new URL(inUrl) : null;
  if (url === null || url.username === '') return null;
  return `${decoded(url.username)}:${decoded(url.password)}`;
}

function secretIn(file: string): string {
  const unreadable = (why: string): Fault =>
    new Fault('PROXY_AUTH_UNREADABLE', `the proxy's credentials in ${file} ${why}`);
  try {
    const { size, mode } = statSync(file);
    if (size > CREDENTIALS_BYTES) throw unreadable('are no line user:password: write one');
    const problem = process.platform === 'win32' ? privacyProblem(file, false) : null;
    if (problem !== null) throw new Fault('PROXY_AUTH_UNREADABLE', `the proxy's credentials in ${problem}`);
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) throw unreadable('are open to others: chmod 600 it');
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw unreadable(`cannot be read (${codeOf(error) || 'unknown'}): check the file's owner`);
  }
}

function basic(text: string | null): string | null {
  if (text === null) return null;
  if (/^[^:\u0000-\u001f\u007f]+:[^\u0000-\u001f\u007f]*$/.test(text)) {
    return `Basic ${Buffer.from(text, 'utf8').toString('base64')}`;
  }
  throw new Fault('PROXY_AUTH_UNREADABLE', "the proxy's credentials are no line user:password: write one");
}

/** A proxy of the environment may carry credentials; they are read elsewhere. Nothing of a bad one is shown. */
function withoutUser(text: string, variable: string): string {
  if (text === 'none') return text;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null) [url.username, url.password] = ['', ''];
  if (url !== null && isProxyUrl(url.href)) return url.href;
  throw new Fault('NETWORK_SETTING', `${variable} names no proxy: it must be http://host:port or https://host:port`);
}

function parsed(value: unknown, where = ''): NetworkSettings {
  const result = NetworkSettings.safeParse(value);
  if (result.success) return result.data;
  const code = where === '' ? 'USAGE' : 'NETWORK_SETTING';
  throw new Fault(code, `${where}${whyOf(result.error)}`, where === '' ? { exitCode: 2 } : {});
}

/** What is wrong, without the value: it may hold a password. */
function whyOf(error: unknown): string {
  if (!(error instanceof z.ZodError)) return codeOf(error) || 'no JSON';
  const issue = error.issues[0];
  return `${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim();
}

function listOf(text: string): string[] {
  return text
    .split(/[\s,]+/)
    .filter((entry) => NoProxyEntry.safeParse(entry).success)
    .slice(0, 100);
}

function isProxyUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : null;
  return url !== null && /^https?:$/.test(url.protocol) && isBare(url);
}

function isCarrierUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : null;
  return url !== null && url.protocol === 'wss:' && isBare(url);
}

/** A host and a port, and nothing else. */
function isBare(url: URL): boolean {
  const { hostname, username, password, pathname, search, hash } = url;
  return hostname !== '' && `${username}${password}${search}${hash}` === '' && pathname === '/';
}

/** Escapes of an address undone; a text with one that is none stands for itself. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
