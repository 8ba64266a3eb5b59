/**
 * The signer as a program: as a child of the control plane (over the socket it inherited as descriptor 3), or on its own
 * (over a socket with a path). Its configuration is its arguments; it takes nothing from its environment, writes its log
 * as lines of JSON to standard error, and ends when its parent does.
 */
import { Socket } from 'node:net';
import { z } from 'zod';
import { createLocalSigner } from '../local-signer.ts';
import { openMasterKey } from '../master-key.ts';
import { GatewayHost, TrustDomain } from '../names.ts';
import { createRateLimit } from '../rate-limit.ts';
import type { Signer } from '../signer.ts';
import { listenSigner } from './listen.ts';
import { logLine } from './log-line.ts';
import { SIGNATURES } from './rate.ts';
import { serveSigner } from './serve.ts';

export const SignerArguments = z.object({
  /** Directory of `master.key`. */
  home: z.string().min(1),
  trustDomain: TrustDomain,
  /** What a gateway's certificate may name. */
  host: z.array(GatewayHost).min(1).max(50),
  /** Path of the socket; without it the signer serves its parent. */
  socket: z.string().min(1).optional(),
  /** Number of a group that may use the socket too. */
  group: z.coerce.number().int().min(0).optional(),
});

const INHERITED_FD = 3;

/** Runs until its parent ends or it is told to stop; answers the exit code. Arguments are parsed here. */
export async function runSigner(args: unknown): Promise<number> {
  const parsed = SignerArguments.safeParse(args);
  if (!parsed.success) {
    const wrong = parsed.error.issues.map(({ path, message }) => `--${path.join('.')} ${message}`).join('; ');
    return fail('SIGNER_OPTIONS_WRONG', `the signer was called wrongly: ${wrong}`, 2);
  }
  const { home, trustDomain, host, socket, group = null } = parsed.data;
  const key = await openMasterKey(home);
  if (!key.ok) return fail(key.code, key.message);
  const now = () => new Date();
  const rateLimit = createRateLimit({ ...SIGNATURES, now });
  const signer = createLocalSigner({ masterKey: key.value, trustDomain, gatewayHosts: host, rateLimit, now });
  return socket === undefined ? serveParent(signer) : serveOthers(signer, socket, group);
}

/** The parent's end closes when the parent ends, however it ends. */
function serveParent(signer: Signer): Promise<number> {
  const parent = new Socket({ fd: INHERITED_FD, readable: true, writable: true });
  for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
  return new Promise((resolve) => {
    parent.once('close', () => resolve(0));
    process.once('SIGTERM', () => parent.destroy());
    serveSigner(parent, { signer, credential: null, onRefused: (why) => logLine('error', why) });
    logLine('info', 'the signer serves its parent');
  });
}

async function serveOthers(signer: Signer, path: string, group: number | null): Promise<number> {
  const onRefused = (why: string) => logLine('warn', why);
  const listening = await listenSigner({ signer, path, group, onRefused });
  if (!listening.ok) return fail(listening.code, listening.message);
  logLine('info', 'the signer listens', { path });
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
    process.once('disconnect', () => resolve());
  });
  await listening.value.close();
  return 0;
}

function fail(code: string, message: string, exitCode = 1): number {
  logLine('error', message, { code });
  return exitCode;
}
