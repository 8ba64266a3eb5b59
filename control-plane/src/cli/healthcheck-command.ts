/**
 * `casare healthcheck`: whether the control plane of this machine, or its signer, serves now. For what starts containers again
 * and waits for them: it asks over loopback, as nobody, and the exit code is the answer.
 */
import { dialSigner } from '@casare/certs';
import type { Command } from 'commander';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Config } from '../platform/config.ts';
import { serverConfig } from '../platform/config-file.ts';
import { LOCAL_HEADER } from '../platform/edge/proxy-header.ts';
import { Fault } from '../platform/errors.ts';
import type { Surroundings } from './session.ts';

/** Longer than any check of `/readyz` takes. */
const ANSWER_MS = 5_000;
const MAX_ANSWER_BYTES = 65_536;

export function addHealthcheckCommand(program: Command, around: Surroundings): void {
  program
    .command('healthcheck')
    .description('ask the control plane of this machine, or its signer, whether it serves: exit code 0 or 1')
    .option('--signer <socket>', 'ask the signer at this socket instead')
    .action(async ({ signer }: { signer?: string }) => {
      if (signer === undefined) await askWeb(serverConfig(around.env).config);
      else await askSigner(signer);
      around.exitCode = 0;
    });
}

async function askSigner(socket: string): Promise<void> {
  try {
    (await dialSigner(socket)).destroy();
  } catch (error) {
    throw unhealthy(`The signer at ${socket} does not serve`, (error as Error).message);
  }
}

/** At the web's own port, under its public name: on one port, that says which service is meant. */
async function askWeb(config: Config): Promise<void> {
  const url = config.web.publicUrl === null ? null : new URL(config.web.publicUrl);
  const { status, body } = await answerOf(config, url).catch((error: unknown) => {
    throw unhealthy(`The control plane at port ${config.web.port} does not answer`, (error as Error).message);
  });
  if (status !== 200) throw unhealthy(`The control plane is not ready (${status})`, body.slice(0, 1_000));
}

async function answerOf(config: Config, url: URL | null): Promise<{ status: number; body: string }> {
  const connection = await connectionTo(config, url);
  try {
    return await new Promise((resolve, reject) => {
      const headers = { host: url?.host ?? `localhost:${config.web.port}`, connection: 'close' };
      const asked = request({ path: '/readyz', headers, createConnection: () => connection }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => (text.length < MAX_ANSWER_BYTES ? (text += part) : asked.destroy()));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
        response.on('error', reject);
      });
      asked.setTimeout(ANSWER_MS, () => asked.destroy(new Error(`no answer within ${ANSWER_MS} ms`)));
      asked.on('error', reject);
      asked.end();
    });
  } finally {
    connection.destroy();
  }
}

/** Where this machine itself is in CASARE_PROXY_SOURCES, the header is required of it as of a balancer. */
async function connectionTo({ host, web, webTls, proxySources }: Config, url: URL | null): Promise<Socket> {
  const socket = connect({ host: LISTENING_AT[host] ?? host, port: web.port });
  await once(socket, 'connect', { signal: AbortSignal.timeout(ANSWER_MS) });
  if (proxySources?.has(socket.localAddress ?? '')) socket.write(LOCAL_HEADER);
  if (webTls === null) return socket;
  const servername = url !== null && isIP(url.hostname) === 0 ? { servername: url.hostname } : {};
  // Whose certificate it is does not matter over loopback, where nothing is told.
  return connectTls({ socket, rejectUnauthorized: false, ...servername });
}

/** Where a listener on every address is reached from its own machine. */
const LISTENING_AT: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

function unhealthy(what: string, why: string): Fault {
  return new Fault({ code: 'NOT_HEALTHY', what, why, fix: 'See its log' });
}
