/**
 * `casare healthcheck`: whether the control plane of this machine, or its signer, serves now. For what starts containers again
 * and waits for them: it asks over loopback, as nobody, and the exit code is the answer.
 */
import { dialSigner } from '@casare/certs';
import type { Command } from 'commander';
import { request as requestPlain } from 'node:http';
import { request as requestTls } from 'node:https';
import { isIP } from 'node:net';
import type { Config } from '../platform/config.ts';
import { serverConfig } from '../platform/config-file.ts';
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
  const secure = config.webTls !== null;
  const options = {
    ...{ host: LISTENING_AT[config.host] ?? config.host, port: config.web.port, path: '/readyz', agent: false },
    ...{ headers: url === null ? {} : { host: url.host }, timeout: ANSWER_MS },
    // Whose certificate it is does not matter over loopback, where nothing is told.
    ...(secure ? { rejectUnauthorized: false } : {}),
    ...(secure && url !== null && isIP(url.hostname) === 0 ? { servername: url.hostname } : {}),
  };
  const { status, body } = await new Promise<{ status: number; body: string }>((resolve, reject) => {
    const asked = (secure ? requestTls : requestPlain)(options, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => (text.length < MAX_ANSWER_BYTES ? (text += part) : asked.destroy()));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
      response.on('error', reject);
    });
    asked.on('timeout', () => asked.destroy(new Error(`no answer within ${ANSWER_MS} ms`)));
    asked.on('error', reject);
    asked.end();
  }).catch((error: unknown) => {
    throw unhealthy(`The control plane at port ${config.web.port} does not answer`, (error as Error).message);
  });
  if (status !== 200) throw unhealthy(`The control plane is not ready (${status})`, body.slice(0, 1_000));
}

/** Where a listener on every address is reached from its own machine. */
const LISTENING_AT: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

function unhealthy(what: string, why: string): Fault {
  return new Fault({ code: 'NOT_HEALTHY', what, why, fix: 'See its log' });
}
