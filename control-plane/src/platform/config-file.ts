/**
 * `control-plane.yaml`, which CASARE_CONFIG or `--config` names: what the environment says, in a file. Every setting is one
 * variable, and `config.ts` judges both by the same rules; the environment goes over the file.
 *
 * Invariants: it holds no secret (those are in files of their own, which only their owner may read); a file with a fault is
 * refused as a whole, with all its faults; no message shows a value, which may hold a password.
 */
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { readSettings, SETTINGS_BYTES, settingsFaults } from '@casare/shared/settings';
import type { Finding, Problem } from '@casare/shared/workflow';
import { z } from 'zod';
import { type Config, type Env, parseConfig, readConfig, type VariableProblem } from './config.ts';
import { Fault } from './errors.ts';

/** How a setting is written. `secret` is the path of a file with one word, `path` one that is opened later. */
type Kind = 'text' | 'number' | 'switch' | 'texts' | 'numbers' | 'path' | 'secret';

const VAULT = 'CASARE_SECRETS_VAULT';
/** Every setting, its variable, and how it is written. */
const SETTINGS: Readonly<Record<string, readonly [variable: string, kind: Kind]>> = {
  host: ['CASARE_HOST', 'text'],
  port: ['CASARE_PORT', 'number'],
  'web.port': ['CASARE_WEB_PORT', 'number'],
  'web.publicUrl': ['CASARE_PUBLIC_WEB_URL', 'text'],
  'web.tls.cert': ['CASARE_WEB_TLS_CERT', 'path'],
  'web.tls.key': ['CASARE_WEB_TLS_KEY', 'path'],
  'web.tls.pfx': ['CASARE_WEB_TLS_PFX', 'path'],
  'web.tls.passphraseFile': ['CASARE_WEB_TLS_PASSPHRASE_FILE', 'path'],
  'enrol.port': ['CASARE_ENROL_PORT', 'number'],
  'enrol.publicUrl': ['CASARE_PUBLIC_ENROL_URL', 'text'],
  'tunnel.port': ['CASARE_TUNNEL_PORT', 'number'],
  'tunnel.publicUrl': ['CASARE_PUBLIC_TUNNEL_URL', 'text'],
  'database.urlFile': ['CASARE_DATABASE_URL', 'secret'],
  'database.appUrlFile': ['CASARE_DATABASE_APP_URL', 'secret'],
  'database.systemUrlFile': ['CASARE_DATABASE_SYSTEM_URL', 'secret'],
  'database.listenUrlFile': ['CASARE_DATABASE_LISTEN_URL', 'secret'],
  signerSocket: ['CASARE_SIGNER_SOCKET', 'path'],
  proxySources: ['CASARE_PROXY_SOURCES', 'texts'],
  outboundAllow: ['CASARE_OUTBOUND_ALLOW', 'texts'],
  expiryWarningDays: ['CASARE_EXPIRY_WARNING_DAYS', 'numbers'],
  historyDays: ['CASARE_HISTORY_DAYS', 'number'],
  orphanDays: ['CASARE_ORPHAN_DAYS', 'number'],
  rateLimit: ['CASARE_RATE_LIMIT', 'number'],
  logLevel: ['CASARE_LOG_LEVEL', 'text'],
  'mail.urlFile': ['CASARE_SMTP_URL', 'secret'],
  'mail.from': ['CASARE_MAIL_FROM', 'text'],
  's3.bucket': ['CASARE_S3_BUCKET', 'text'],
  's3.endpoint': ['CASARE_S3_ENDPOINT', 'text'],
  's3.region': ['CASARE_S3_REGION', 'text'],
  's3.prefix': ['CASARE_S3_PREFIX', 'text'],
  's3.pathStyle': ['CASARE_S3_PATH_STYLE', 'switch'],
  's3.redirect': ['CASARE_S3_REDIRECT', 'switch'],
  's3.keysFile': ['CASARE_S3_KEYS_FILE', 'path'],
  'secrets.master': ['CASARE_SECRETS_MASTER', 'text'],
  'secrets.keysFile': ['CASARE_SECRETS_MASTER_KEY', 'secret'],
  'secrets.vault.address': [`${VAULT}_ADDR`, 'text'],
  'secrets.vault.key': [`${VAULT}_KEY`, 'text'],
  'secrets.vault.namespace': [`${VAULT}_NAMESPACE`, 'text'],
  'secrets.vault.caFile': [`${VAULT}_CA_FILE`, 'path'],
  'secrets.vault.roleId': [`${VAULT}_ROLE_ID`, 'text'],
  'secrets.vault.secretIdFile': [`${VAULT}_SECRET_ID_FILE`, 'path'],
  'secrets.vault.tokenFile': [`${VAULT}_TOKEN_FILE`, 'path'],
};
/** What the names of a gateway depend on: a signer needs no more, and may not read the secrets' files. */
const ADDRESSES = /^(host|port|(web|enrol|tunnel)\..*)$/;

const text = z.string().min(1).max(4_096);
const word = text.regex(/^[^,]*$/, 'must have no comma: give several as a list');
const KINDS: Readonly<Record<Kind, z.ZodType>> = {
  text,
  number: z.number(),
  switch: z.boolean(),
  texts: z.array(word).max(200),
  numbers: z.array(z.number()).max(10),
  path: text,
  secret: text,
};
/** Made of the table; groups are objects. */
const ControlPlaneFile = schemaOf(Object.keys(SETTINGS));

/** The file cannot be used: all that is wrong, a line each. */
export class ConfigFileInvalid extends Fault {
  readonly lines: readonly string[];

  constructor(what: string, lines: readonly string[]) {
    super({ code: 'CONFIG_INVALID', what });
    this.lines = lines;
  }
}

/** A configuration, and the variables that say the same. */
export interface ServerConfig {
  readonly config: Config;
  readonly env: Env;
}

/**
 * What the environment, and the file that it names, say. Only what `only` matches is taken from the file, if it is given.
 * @throws ConfigFileInvalid; Fault CONFIG_INVALID, CONFIG_MISSING, CONFIG_UNREADABLE
 */
export function serverConfig(env: Env, only?: RegExp): ServerConfig {
  const { CASARE_CONFIG: named } = env;
  if (!named) return { config: readConfig(env), env };
  const file = path.resolve(named);
  const read = readSettings(textOf(file), ControlPlaneFile);
  if (!read.ok) throw invalid(file, read.problems);
  const said: Record<string, string> = {};
  const problems: Problem[] = [];
  for (const [setting, [variable, kind]] of Object.entries(SETTINGS)) {
    const value = valueAt(read.value, setting);
    if (value === undefined || (only !== undefined && !only.test(setting))) continue;
    const words = wordsOf(value, kind, path.dirname(file));
    if (words.ok) said[variable] = words.text;
    else problems.push(read.locate({ path: pointerOf(setting), at: 'value', message: words.why }));
  }
  if (problems.length > 0) throw invalid(file, problems);
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value));
  const both = { ...said, ...given };
  const parsed = parseConfig(both);
  if (parsed.ok) return { config: parsed.config, env: both };
  const inFile = parsed.problems.filter(({ variable }) => !(variable in given));
  const outside = parsed.problems.filter(({ variable }) => variable in given);
  throw invalid(file, inFile.map(findingOf).map(read.locate), outside);
}

/** The same as far as a signer needs it: no file of a secret is opened. */
export function addressConfig(env: Env): Config {
  const mine = Object.fromEntries(
    Object.entries(SETTINGS).flatMap(([setting, [variable]]) =>
      ADDRESSES.test(setting) ? [[variable, env[variable]]] : [],
    ),
  );
  return serverConfig({ ...mine, CASARE_HOME: env['CASARE_HOME'], CASARE_CONFIG: env['CASARE_CONFIG'] }, ADDRESSES)
    .config;
}

function schemaOf(settings: readonly string[], group = ''): z.ZodType<object> {
  const names = [...new Set(settings.map((setting) => setting.slice(group.length).split('.')[0]!))];
  return z.strictObject(
    Object.fromEntries(
      names.map((name) => {
        const one = SETTINGS[group + name];
        const inner = `${group}${name}.`;
        const schema =
          one === undefined
            ? schemaOf(
                settings.filter((setting) => setting.startsWith(inner)),
                inner,
              )
            : KINDS[one[1]];
        return [name, schema.optional()];
      }),
    ),
  );
}

function valueAt(value: object, setting: string): unknown {
  return setting.split('.').reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], value);
}

/** A value as its variable has it. */
function wordsOf(value: unknown, kind: Kind, folder: string): { ok: true; text: string } | { ok: false; why: string } {
  if (kind === 'switch') return { ok: true, text: value === true ? '1' : '0' };
  if (kind === 'texts' || kind === 'numbers') return { ok: true, text: (value as unknown[]).join(',') };
  if (kind === 'path') return { ok: true, text: path.resolve(folder, String(value)) };
  if (kind === 'secret') return secretOf(path.resolve(folder, String(value)));
  return { ok: true, text: String(value) };
}

/** One word of a file that only its owner may read; `why` has nothing of it. */
function secretOf(file: string): { ok: true; text: string } | { ok: false; why: string } {
  try {
    const { mode, size } = statSync(file);
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      return { ok: false, why: `${file} can be read by others: run \`chmod 600 ${file}\`` };
    }
    const content = size > SETTINGS_BYTES ? '' : readFileSync(file, 'utf8').trim();
    return /^[\u0021-\u007e]+$/.test(content)
      ? { ok: true, text: content }
      : { ok: false, why: `${file} holds no single word of ASCII` };
  } catch (error) {
    return { ok: false, why: `${file} cannot be read (${codeOf(error)})` };
  }
}

/** What `config.ts` says about a variable, said about its setting. */
function findingOf({ variable, message }: VariableProblem): Finding {
  const setting = settingOf(variable) ?? variable;
  const told = message.replaceAll(/CASARE_[A-Z0-9_]+/g, (name) => {
    const other = settingOf(name);
    return other === undefined ? name : `\`${other}\``;
  });
  return { path: pointerOf(setting), at: 'value', message: `\`${setting}\` ${told}` };
}

function settingOf(variable: string): string | undefined {
  return Object.entries(SETTINGS).find(([, [name]]) => name === variable)?.[0];
}

function pointerOf(setting: string): string {
  return `/${setting.replaceAll('.', '/')}`;
}

function invalid(
  file: string,
  problems: readonly Problem[],
  outside: readonly VariableProblem[] = [],
): ConfigFileInvalid {
  const { text: what, lines } = settingsFaults(file, problems);
  const others = outside.map(({ variable, message }) => `${variable} of the environment ${message}`);
  return new ConfigFileInvalid(problems.length === 0 ? `The environment goes over ${file} and is wrong` : what, [
    ...lines,
    ...others,
  ]);
}

function textOf(file: string): string {
  try {
    if (statSync(file).size <= SETTINGS_BYTES) return readFileSync(file, 'utf8');
  } catch (error) {
    const code = codeOf(error);
    const why = code === 'ENOENT' ? 'it does not exist' : `it cannot be read (${code})`;
    throw new Fault({
      code: code === 'ENOENT' ? 'CONFIG_MISSING' : 'CONFIG_UNREADABLE',
      ...{ what: `${file} cannot be used`, why, fix: 'Check --config, CASARE_CONFIG and the owner of the file' },
      cause: error,
    });
  }
  const why = `it has more than ${SETTINGS_BYTES} bytes`;
  throw new Fault({ code: 'CONFIG_UNREADABLE', what: `${file} cannot be used`, why, fix: 'Shorten it' });
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown';
}
