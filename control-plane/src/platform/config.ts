/**
 * The one reader of the environment: a typed tree, made once at the start. Every fault is reported together.
 * Names and defaults are stable (design section 16): add, do not rename.
 */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { Fault } from './errors.ts';

/** One of the three services: where it listens and the address others reach it by. */
export interface ListenerConfig {
  /** 0 takes any free port. */
  readonly port: number;
  /** Without a trailing slash; null: derived from host and port. */
  readonly publicUrl: string | null;
}

export interface Config {
  /** Data directory, absolute. */
  readonly home: string;
  /** Null: the embedded Postgres. */
  readonly databaseUrl: string | null;
  /** Socket of a signer that runs by itself, absolute; null: one is started. */
  readonly signerSocket: string | null;
  readonly host: string;
  readonly web: ListenerConfig;
  readonly enrol: ListenerConfig;
  readonly tunnel: ListenerConfig;
  /** Days before the end of a CA at which to warn. */
  readonly warningDays: readonly number[];
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

const Environment = z
  .object({
    CASARE_HOME: z.string().min(1),
    CASARE_DATABASE_URL: url(/^postgres(ql)?$/).default(null),
    CASARE_SIGNER_SOCKET: z.string().min(1).nullable().default(null),
    CASARE_HOST: z.string().min(1).default('127.0.0.1'),
    CASARE_WEB_PORT: port.default(8080),
    CASARE_ENROL_PORT: port.default(8442),
    CASARE_TUNNEL_PORT: port.default(8443),
    CASARE_PUBLIC_WEB_URL: url(WEB).default(null),
    CASARE_PUBLIC_ENROL_URL: url(/^https$/).default(null),
    CASARE_PUBLIC_TUNNEL_URL: url(/^wss$/).default(null),
    CASARE_EXPIRY_WARNING_DAYS: days.default([90, 30, 7, 1]),
    CASARE_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  })
  .superRefine((env, context) => {
    if (!isLoopback(env.CASARE_HOST) && !env.CASARE_PUBLIC_WEB_URL?.startsWith('https://')) {
      context.addIssue({
        code: 'custom',
        path: ['CASARE_HOST'],
        message:
          'is not a loopback address, and plain HTTP is served on loopback only: put a TLS proxy in front and give its https address as CASARE_PUBLIC_WEB_URL',
      });
    }
  });

/** `.casare/` in the checkout. */
export const DEFAULT_HOME = fileURLToPath(new URL('../../../.casare', import.meta.url));

/**
 * Reads the configuration.
 * @throws Fault CONFIG_INVALID naming every variable that is wrong.
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const given = Object.fromEntries(
    Object.keys(Environment.shape).flatMap((name) => (env[name] ? [[name, env[name]]] : [])),
  );
  const parsed = Environment.safeParse({ CASARE_HOME: DEFAULT_HOME, ...given });
  if (!parsed.success) {
    throw new Fault({
      code: 'CONFIG_INVALID',
      what: 'The configuration is wrong',
      why: parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`).join('; '),
      fix: 'Correct these environment variables',
    });
  }
  const read = parsed.data;
  return {
    home: path.resolve(read.CASARE_HOME),
    databaseUrl: read.CASARE_DATABASE_URL,
    signerSocket: read.CASARE_SIGNER_SOCKET === null ? null : path.resolve(read.CASARE_SIGNER_SOCKET),
    host: read.CASARE_HOST,
    web: { port: read.CASARE_WEB_PORT, publicUrl: read.CASARE_PUBLIC_WEB_URL },
    enrol: { port: read.CASARE_ENROL_PORT, publicUrl: read.CASARE_PUBLIC_ENROL_URL },
    tunnel: { port: read.CASARE_TUNNEL_PORT, publicUrl: read.CASARE_PUBLIC_TUNNEL_URL },
    warningDays: read.CASARE_EXPIRY_WARNING_DAYS,
    logLevel: read.CASARE_LOG_LEVEL,
  };
}

/** True for addresses that only this machine can reach. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}
