/** The talk with a mail server: connect, encrypt, sign in, hand over. Ends, whatever happens, with a closed connection. */
import type { LookupFunction } from 'node:net';
import { Readable } from 'node:stream';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { StepFailure } from '../../engine/index.ts';
import { codeOf, describe } from '../../fault.ts';
import { dialled } from '../dial.ts';
import { isCertificateFault, type ServerTrust } from '../server-trust.ts';

export interface MailServer {
  readonly host: string;
  readonly port: number;
  readonly lookup: LookupFunction | undefined;
  readonly security: 'starttls' | 'tls' | 'none';
  readonly trust: ServerTrust;
  readonly login: { readonly user: string; readonly password: string } | undefined;
  readonly timeoutMs: number;
}

interface Letter {
  readonly from: string;
  readonly to: readonly string[];
  readonly message: Buffer;
}

interface Delivered {
  readonly accepted: string[];
  readonly rejected: string[];
  readonly response: string;
}

/** @throws StepFailure MAIL_…; uncertain only if the message was on its way and the server said nothing */
export async function deliver(server: MailServer, letter: Letter, signal: AbortSignal): Promise<Delivered> {
  signal.throwIfAborted();
  const socket = await dialled(server, signal).catch((error: unknown) => {
    signal.throwIfAborted();
    throw failureOf(error, server, false);
  });
  const connection = new SMTPConnection({
    connection: socket,
    host: server.host,
    port: server.port,
    secure: server.security === 'tls',
    requireTLS: server.security === 'starttls',
    ignoreTLS: server.security === 'none',
    tls: server.trust,
    connectionTimeout: server.timeoutMs,
    greetingTimeout: server.timeoutMs,
    socketTimeout: server.timeoutMs,
    dnsTimeout: server.timeoutMs,
  });
  const progress = { isSending: false };
  const stop = () => connection.close();
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await talk(connection, server, letter, progress);
  } catch (error) {
    if (!progress.isSending) signal.throwIfAborted();
    throw failureOf(error, server, progress.isSending);
  } finally {
    signal.removeEventListener('abort', stop);
    connection.close();
  }
}

function talk(
  connection: SMTPConnection,
  { login }: MailServer,
  { from, to, message }: Letter,
  progress: { isSending: boolean },
): Promise<Delivered> {
  return new Promise((resolve, reject) => {
    connection.once('error', reject);
    connection.once('end', () => reject(new Error('the server closed the connection')));
    const send = () => {
      const body = Readable.from(
        (function* () {
          // It is read only when the server has asked for it.
          progress.isSending = true;
          yield message;
        })(),
      );
      connection.send({ from, to: [...to], size: message.length }, body, (error, info) => {
        if (error !== null) reject(error);
        else
          resolve({
            accepted: names(info.accepted),
            rejected: names(info.rejected),
            response: info.response.slice(0, 1_000),
          });
      });
    };
    connection.connect((error) => {
      if (error != null) return reject(error);
      if (login === undefined) return send();
      connection.login({ credentials: { user: login.user, pass: login.password } }, (refusal) => {
        if (refusal === null) send();
        else reject(refusal);
      });
    });
  });
}

function names(addresses: readonly unknown[] | undefined): string[] {
  return (addresses ?? []).map(String);
}

interface Explained {
  readonly type: string;
  readonly status?: number;
  readonly code: string;
  readonly title: string;
  readonly advice: string;
}

function failureOf(error: unknown, { host, port }: MailServer, isSending: boolean): StepFailure {
  if (error instanceof StepFailure) return error;
  const { responseCode, response } = error as { readonly responseCode?: number; readonly response?: string };
  const hasAnswered = responseCode !== undefined && responseCode >= 400;
  const { advice, ...what } = explained(error, isSending && !hasAnswered);
  return new StepFailure({
    ...what,
    detail: `${host}:${port}: ${(response ?? describe(error)).slice(0, 300)}: ${advice}.`,
    certain: !isSending || hasAnswered,
  });
}

function explained(error: unknown, inDoubt: boolean): Explained {
  if (inDoubt) {
    const title = 'The connection broke while the mail was handed over';
    return {
      type: 'communication',
      status: 502,
      code: 'MAIL_IN_DOUBT',
      title,
      advice: 'it may have been sent, look for its message id',
    };
  }
  const code = codeOf(error);
  if (code === 'EAUTH') {
    const title = 'The mail server refused the login';
    return { type: 'authentication', code: 'MAIL_LOGIN_REFUSED', title, advice: 'check `user` and `password`' };
  }
  if (code === 'ETLS' || isCertificateFault(code) || /certificate|\bTLS\b|\bSSL\b/i.test(describe(error))) {
    const title = 'The mail server could not be verified or does not encrypt';
    return {
      type: 'communication',
      status: 502,
      code: 'MAIL_TLS',
      title,
      advice: 'check `security`, or give its `authorities`',
    };
  }
  if (code === 'EENVELOPE') {
    const title = 'The mail server refused the sender or all recipients';
    return {
      type: 'runtime',
      status: 422,
      code: 'MAIL_ADDRESS_REFUSED',
      title,
      advice: 'check `from`, `to`, `cc` and `bcc`',
    };
  }
  if (code === 'EMESSAGE') {
    const title = 'The mail server refused the mail';
    return { type: 'runtime', status: 422, code: 'MAIL_REFUSED', title, advice: 'nothing was sent' };
  }
  const title = 'The mail server cannot be reached';
  return { type: 'communication', status: 503, code: 'MAIL_UNREACHABLE', title, advice: 'check `host` and `port`' };
}
