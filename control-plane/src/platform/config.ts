/**
 * The one reader of the environment: a typed tree, made once at the start. Every fault is reported together.
 * Names and defaults are stable (design section 16): add, do not rename.
 */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { parseSources, type Sources } from './edge/sources.ts';
import { Fault } from './errors.ts';
import type { BucketConfig } from './objects/bucket.ts';
import { OutboundAllowed } from './outbound/allowed.ts';
import { SECRETS_MASTER, secretsMasterOf, secretsMasterProblems, type SecretsMaster } from './secrets-master.ts';

/** One of the three services: where it listens and the address others reach it by. */
export interface ListenerConfig {
  /** 0 takes any free port. */
  readonly port: number;
  /** Without a trailing slash; null: derived from host and port. */
  readonly publicUrl: string | null;
}

/** Files, absolute paths. */
export interface WebTlsFiles {
  readonly from: { readonly cert: string; readonly key: string } | { readonly pfx: string };
  /** Of the key, or of the .pfx. */
  readonly passphraseFile: string | null;
}

/** The operator's mail server. */
export interface MailSettings {
  /** `smtps://user:password@host:port`, or `smtp://…` with STARTTLS. */
  readonly url: string;
  /** `Casare <casare@example.com>`, or an address alone. */
  readonly from: string;
}

export interface Config {
  /** Data directory, absolute. */
  readonly home: string;
  /** Null: the embedded Postgres. */
  readonly databaseUrl: string | null;
  /** The logins to work with; null: made by the owner's. See `platform/database/logins.ts`. */
  readonly databaseAppUrl: string | null;
  readonly databaseSystemUrl: string | null;
  /** For LISTEN, past a pooler; null: as the others, or none behind a pooler. */
  readonly databaseListenUrl: string | null;
  /** Socket of a signer that runs by itself, absolute; null: one is started. */
  readonly signerSocket: string | null;
  readonly host: string;
  /** One port for all three services; null: each has its own. */
  readonly onePort: number | null;
  /** The web's own certificate; null: plain HTTP. */
  readonly webTls: WebTlsFiles | null;
  /** Balancers that say by the PROXY protocol whose connection they pass on. */
  readonly proxySources: Sources | null;
  /** What may be called besides public https addresses. */
  readonly outboundAllowed: OutboundAllowed;
  readonly web: ListenerConfig;
  readonly enrol: ListenerConfig;
  readonly tunnel: ListenerConfig;
  /** Days before the end of a CA at which to warn. */
  readonly warningDays: readonly number[];
  /** How long jobs are kept after the day of their submit; null: for ever. */
  readonly historyDays: number | null;
  /** After how many days a file that no record names is taken away; null: never. */
  readonly orphanDays: number | null;
  /** By which server mail is sent; null: none is. */
  readonly mail: MailSettings | null;
  readonly secretsMaster: SecretsMaster;
  /** Where files of runs are kept; null: in the home. */
  readonly bucket: BucketConfig | null;
  /** Requests a second that one API key or session may make in the long run; null: any number. */
  readonly rateLimit: number | null;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent';
}

const port = z.coerce.number('is not a port number').int('is not a port number').min(0).max(65_535);
const url = (protocols: RegExp) =>
  z
    .url({ protocol: protocols, error: `is not a URL (${protocols.source.replaceAll(/[\^$()]/g, '')})` })
    .transform((text) => text.replace(/\/+$/, ''))
    .nullable();
const days = z
  .string()
  .regex(/^\d{1,4}(,\d{1,4}){0,9}$/, 'is not a list of at most 10 numbers of days, such as 90,30,7,1')
  .transform((text) => text.split(',').map(Number));
const WEB = /^https?$/;
const POSTGRES = /^postgres(ql)?$/;
const file = z
  .string()
  .transform((name) => path.resolve(name))
  .nullable()
  .default(null);
/** What one port replaces. */
const OWN_PORTS = { CASARE_WEB_PORT: 8080, CASARE_ENROL_PORT: 8442, CASARE_TUNNEL_PORT: 8443 } as const;

const Environment = z
  .object({
    CASARE_HOME: z.string().min(1),
    CASARE_DATABASE_URL: url(POSTGRES).default(null),
    CASARE_DATABASE_APP_URL: url(POSTGRES).default(null),
    CASARE_DATABASE_SYSTEM_URL: url(POSTGRES).default(null),
    CASARE_DATABASE_LISTEN_URL: url(POSTGRES).default(null),
    CASARE_SIGNER_SOCKET: z.string().min(1).nullable().default(null),
    CASARE_HOST: z.string().min(1).default('127.0.0.1'),
    CASARE_PORT: port.nullable().default(null),
    CASARE_WEB_PORT: port.optional(),
    CASARE_ENROL_PORT: port.optional(),
    CASARE_TUNNEL_PORT: port.optional(),
    CASARE_PUBLIC_WEB_URL: url(WEB).default(null),
    CASARE_PUBLIC_ENROL_URL: url(/^https$/).default(null),
    CASARE_PUBLIC_TUNNEL_URL: url(/^wss$/).default(null),
    CASARE_EXPIRY_WARNING_DAYS: days.default([90, 30, 7, 1]),
    CASARE_HISTORY_DAYS: z.coerce.number().int().min(0).max(36_500).default(90),
    CASARE_ORPHAN_DAYS: z.coerce.number().int().min(0).max(3_650).default(7),
    ...SECRETS_MASTER,
    CASARE_RATE_LIMIT: z.coerce.number().int().min(0).max(1_000_000).default(1_000),
    CASARE_WEB_TLS_CERT: file,
    CASARE_WEB_TLS_KEY: file,
    CASARE_WEB_TLS_PFX: file,
    CASARE_WEB_TLS_PASSPHRASE_FILE: file,
    CASARE_PROXY_SOURCES: z
      .string()
      .transform((text, context) => {
        const sources = parseSources(text);
        if (sources === null) {
          context.addIssue({ code: 'custom', message: 'is no list of addresses and networks, such as 10.0.0.0/8,::1' });
        }
        return sources;
      })
      .nullable()
      .default(null),
    CASARE_OUTBOUND_ALLOW: z
      .string()
      .transform((text, context) => {
        const allowed = OutboundAllowed.parse(text);
        if (allowed !== null) return allowed;
        context.addIssue({
          code: 'custom',
          message:
            'is no list of networks, addresses and names, such as 10.0.0.0/8,vault.internal:8200,http://127.0.0.1',
        });
        return z.NEVER;
      })
      .default(new OutboundAllowed()),
    CASARE_SMTP_URL: url(/^smtps?$/).default(null),
    CASARE_MAIL_FROM: z
      .string()
      .max(320)
      .regex(/^([^<>\r\n]*<[^<>@\s]+@[^<>@\s]+>|[^<>@\s]+@[^<>@\s]+)$/, 'is no address, such as casare@example.com')
      .nullable()
      .default(null),
    CASARE_S3_BUCKET: z
      .string()
      .regex(/^[a-zA-Z0-9][\w.-]{1,62}$/, 'is no name of a bucket')
      .nullable()
      .default(null),
    CASARE_S3_ENDPOINT: url(WEB).default(null),
    CASARE_S3_REGION: z
      .string()
      .regex(/^[a-z0-9-]{1,40}$/, 'is no name of a region, such as eu-central-1')
      .default('us-east-1'),
    CASARE_S3_PREFIX: z
      .string()
      .regex(/^(?:[\w.-]+\/)*[\w.-]+\/?$/, 'is no prefix, such as casare/artifacts')
      .transform((text) => (text.endsWith('/') ? text : `${text}/`))
      .default(''),
    CASARE_S3_PATH_STYLE: z.enum(['0', '1']).optional(),
    CASARE_S3_REDIRECT: z.enum(['0', '1']).default('0'),
    CASARE_S3_ACCESS_KEY_ID: z.string().min(1).max(200).nullable().default(null),
    CASARE_S3_SECRET_ACCESS_KEY: z.string().min(1).max(500).nullable().default(null),
    CASARE_S3_KEYS_FILE: file,
    CASARE_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  })
  .superRefine((env, context) => {
    const issue = (name: string, message: string) => context.addIssue({ code: 'custom', path: [name], message });
    const given = (name: 'CERT' | 'KEY' | 'PFX' | 'PASSPHRASE_FILE') => env[`CASARE_WEB_TLS_${name}`] !== null;
    if (given('CERT') !== given('KEY')) issue('CASARE_WEB_TLS_CERT', 'and CASARE_WEB_TLS_KEY need each other');
    if (given('PFX') && given('CERT')) issue('CASARE_WEB_TLS_PFX', 'and CASARE_WEB_TLS_CERT exclude each other');
    if ((env.CASARE_DATABASE_APP_URL === null) !== (env.CASARE_DATABASE_SYSTEM_URL === null)) {
      issue('CASARE_DATABASE_APP_URL', 'and CASARE_DATABASE_SYSTEM_URL need each other');
    }
    for (const name of ['CASARE_DATABASE_APP_URL', 'CASARE_DATABASE_LISTEN_URL'] as const) {
      if (env[name] !== null && env.CASARE_DATABASE_URL === null) issue(name, 'needs CASARE_DATABASE_URL');
    }
    const tls = given('CERT') || given('PFX');
    if (given('PASSPHRASE_FILE') && !tls) {
      issue('CASARE_WEB_TLS_PASSPHRASE_FILE', 'needs CASARE_WEB_TLS_KEY or CASARE_WEB_TLS_PFX');
    }
    for (const [name, message] of secretsMasterProblems(env)) issue(name, message);
    if ((env.CASARE_SMTP_URL === null) !== (env.CASARE_MAIL_FROM === null)) {
      issue('CASARE_SMTP_URL', 'and CASARE_MAIL_FROM need each other');
    }
    const keys = ['CASARE_S3_ACCESS_KEY_ID', 'CASARE_S3_SECRET_ACCESS_KEY'] as const;
    const keysGiven = keys.filter((name) => env[name] !== null).length;
    const sources = (keysGiven > 0 ? 1 : 0) + (env.CASARE_S3_KEYS_FILE === null ? 0 : 1);
    if (keysGiven === 1) issue(keys[0], `and ${keys[1]} need each other`);
    if (env.CASARE_S3_BUCKET !== null && sources !== 1) {
      issue('CASARE_S3_BUCKET', `needs either ${keys.join(' and ')}, or CASARE_S3_KEYS_FILE`);
    }
    const isPlain = env.CASARE_S3_ENDPOINT?.startsWith('http:') === true;
    if (env.CASARE_S3_REDIRECT === '1' && isPlain && !isLoopback(new URL(env.CASARE_S3_ENDPOINT!).hostname)) {
      issue('CASARE_S3_REDIRECT', 'needs an endpoint of https, since downloads are sent there');
    }
    if (env.CASARE_S3_REDIRECT === '1' && env.CASARE_S3_BUCKET === null) issue('CASARE_S3_REDIRECT', 'needs a bucket');
    if (env.CASARE_S3_BUCKET === null && (sources > 0 || env.CASARE_S3_ENDPOINT !== null)) {
      issue('CASARE_S3_BUCKET', 'is missing, and other settings of a bucket are there');
    }
    const publicWeb = env.CASARE_PUBLIC_WEB_URL;
    if (tls && publicWeb?.startsWith('http:')) {
      issue('CASARE_PUBLIC_WEB_URL', 'must be https, since the web has a certificate');
    }
    if (!isLoopback(env.CASARE_HOST) && !tls && !publicWeb?.startsWith('https://')) {
      issue(
        'CASARE_HOST',
        'is not a loopback address, and plain HTTP is served on loopback only: give a certificate (CASARE_WEB_TLS_CERT), or put a TLS proxy in front and give its https address as CASARE_PUBLIC_WEB_URL',
      );
    }
    for (const name of Object.keys(OWN_PORTS) as (keyof typeof OWN_PORTS)[]) {
      if (env.CASARE_PORT !== null && env[name] !== undefined) {
        issue(name, 'and CASARE_PORT, one port for all, exclude each other');
      }
    }
  });

/** `.casare/` in the checkout. */
export const DEFAULT_HOME = fileURLToPath(new URL('../../../.casare', import.meta.url));

/** Variables, by their names. */
export type Env = Readonly<Record<string, string | undefined>>;

/** What is wrong with a variable; the message goes on after its name. */
export interface VariableProblem {
  readonly variable: string;
  readonly message: string;
}

/**
 * Reads the configuration.
 * @throws Fault CONFIG_INVALID naming every variable that is wrong.
 */
export function readConfig(env: Env): Config {
  const parsed = parseConfig(env);
  if (parsed.ok) return parsed.config;
  throw new Fault({
    code: 'CONFIG_INVALID',
    what: 'The configuration is wrong',
    why: parsed.problems.map(({ variable, message }) => `${variable} ${message}`).join('; '),
    fix: 'Correct these environment variables',
  });
}

/** The configuration, or all that is wrong with it. An empty variable is an absent one. */
export function parseConfig(env: Env): { ok: true; config: Config } | { ok: false; problems: VariableProblem[] } {
  const given = Object.fromEntries(
    Object.keys(Environment.shape).flatMap((name) => (env[name] ? [[name, env[name]]] : [])),
  );
  const parsed = Environment.safeParse({ CASARE_HOME: DEFAULT_HOME, ...given });
  if (parsed.success) return { ok: true, config: configOf(parsed.data) };
  return {
    ok: false,
    problems: parsed.error.issues.map(({ path: at, message }) => ({ variable: at.join('.'), message })),
  };
}

function configOf(read: z.infer<typeof Environment>): Config {
  const portOf = (name: keyof typeof OWN_PORTS) => read.CASARE_PORT ?? read[name] ?? OWN_PORTS[name];
  return {
    home: path.resolve(read.CASARE_HOME),
    databaseUrl: read.CASARE_DATABASE_URL,
    databaseAppUrl: read.CASARE_DATABASE_APP_URL,
    databaseSystemUrl: read.CASARE_DATABASE_SYSTEM_URL,
    databaseListenUrl: read.CASARE_DATABASE_LISTEN_URL,
    signerSocket: read.CASARE_SIGNER_SOCKET === null ? null : path.resolve(read.CASARE_SIGNER_SOCKET),
    host: read.CASARE_HOST,
    onePort: read.CASARE_PORT,
    webTls: webTlsOf(read),
    proxySources: read.CASARE_PROXY_SOURCES,
    outboundAllowed: read.CASARE_OUTBOUND_ALLOW,
    web: { port: portOf('CASARE_WEB_PORT'), publicUrl: read.CASARE_PUBLIC_WEB_URL },
    enrol: { port: portOf('CASARE_ENROL_PORT'), publicUrl: read.CASARE_PUBLIC_ENROL_URL },
    tunnel: { port: portOf('CASARE_TUNNEL_PORT'), publicUrl: read.CASARE_PUBLIC_TUNNEL_URL },
    warningDays: read.CASARE_EXPIRY_WARNING_DAYS,
    historyDays: read.CASARE_HISTORY_DAYS === 0 ? null : read.CASARE_HISTORY_DAYS,
    orphanDays: read.CASARE_ORPHAN_DAYS === 0 ? null : read.CASARE_ORPHAN_DAYS,
    mail: mailOf(read),
    secretsMaster: secretsMasterOf(read),
    bucket: bucketOf(read),
    rateLimit: read.CASARE_RATE_LIMIT === 0 ? null : read.CASARE_RATE_LIMIT,
    logLevel: read.CASARE_LOG_LEVEL,
  };
}

function mailOf({ CASARE_SMTP_URL: url, CASARE_MAIL_FROM: from }: z.infer<typeof Environment>): MailSettings | null {
  return url === null || from === null ? null : { url, from };
}

function bucketOf(read: z.infer<typeof Environment>): BucketConfig | null {
  const { CASARE_S3_BUCKET: bucket, CASARE_S3_ENDPOINT: endpoint, CASARE_S3_PATH_STYLE: style } = read;
  const { CASARE_S3_ACCESS_KEY_ID: id, CASARE_S3_SECRET_ACCESS_KEY: secret, CASARE_S3_KEYS_FILE: file } = read;
  if (bucket === null) return null;
  return {
    ...{ bucket, endpoint, region: read.CASARE_S3_REGION, prefix: read.CASARE_S3_PREFIX },
    pathStyle: style === undefined ? endpoint !== null : style === '1',
    redirect: read.CASARE_S3_REDIRECT === '1',
    keys: file === null ? { of: { accessKeyId: id!, secretAccessKey: secret! } } : { file },
  };
}

function webTlsOf(read: z.infer<typeof Environment>): WebTlsFiles | null {
  const passphraseFile = read.CASARE_WEB_TLS_PASSPHRASE_FILE;
  const { CASARE_WEB_TLS_CERT: cert, CASARE_WEB_TLS_KEY: key, CASARE_WEB_TLS_PFX: pfx } = read;
  if (pfx !== null) return { from: { pfx }, passphraseFile };
  return cert === null || key === null ? null : { from: { cert, key }, passphraseFile };
}

/** True for addresses that only this machine can reach. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}
