/**
 * `mail.send`: one mail over one connection of its own. Until the server has asked for the message nothing has happened,
 * and a refusal in words means that it was not taken; only a connection that breaks in between leaves a doubt.
 */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import MailComposer from 'nodemailer/lib/mail-composer';
import { MAIL_STEPS } from '@casare/shared/workflow';
import { StepFailure, type Step, type StepContext } from '../../engine/index.ts';
import { executor } from '../executor.ts';
import { readBytes } from '../run-files.ts';
import { serverTrust } from '../server-trust.ts';
import { deliver } from './deliver.ts';

/** All attachments together, bytes: what most servers take, once encoded. */
const ATTACHED_BYTES = 26_214_400;
const PORTS = { starttls: 587, tls: 465, none: 25 } as const;

export const sendStep: Step = executor(
  MAIL_STEPS.send,
  async (args, context) => {
    const { server, attachments = [] } = args;
    const security = server.security ?? 'starttls';
    const port = server.port ?? PORTS[security];
    if (security === 'none' && server.password !== undefined && !isLoopback(server.host)) throw passwordInClear();
    const url = `smtp://${hostOf(server.host)}:${port}`;
    await context.policy.checkUrl(url);
    context.checkSecretAddress?.(url);
    const trust = await serverTrust(context, server.authorities);
    const messageId = messageIdOf(context, args.from);
    const composed = new MailComposer({
      ...pick(args),
      messageId,
      attachments: await attached(context, attachments),
      // What a document names is opened by us alone, and after the policy was asked.
      disableFileAccess: true,
      disableUrlAccess: true,
    }).compile();
    const { from, to } = composed.getEnvelope();
    if (from === false || to.length === 0) throw noAddress();
    const message = await composed.build();
    const { user, password } = server;
    const sent = await deliver(
      {
        host: server.host,
        port,
        lookup: context.policy.lookupFor?.(url),
        security,
        trust,
        login: user === undefined ? undefined : { user, password: password ?? '' },
        timeoutMs: context.timeoutMs,
      },
      { from, to, message },
      context.signal,
    );
    return { messageId, ...sent };
  },
  { asksWhereSecretsGo: true },
);

/** Members that the library knows by the same names. */
function pick(args: { readonly [name: string]: unknown }): object {
  const names = ['from', 'to', 'cc', 'bcc', 'replyTo', 'subject', 'text', 'html'];
  return Object.fromEntries(names.filter((name) => args[name] !== undefined).map((name) => [name, args[name]]));
}

/** The same for the same step of the same run, so that a mail that was sent twice is recognised. */
function messageIdOf({ runFolder, position }: StepContext, from: string): string {
  const id = createHash('sha256')
    .update(`${basename(runFolder)} ${position}`)
    .digest('hex')
    .slice(0, 40);
  const domain = /@([A-Za-z0-9.-]+)>?\s*$/.exec(from)?.[1] ?? 'casare.invalid';
  return `<${id}@${domain}>`;
}

async function attached(
  context: StepContext,
  files: readonly (string | { readonly file: string; readonly name: string })[],
): Promise<{ filename: string; content: Buffer }[]> {
  const all: { filename: string; content: Buffer }[] = [];
  let room = ATTACHED_BYTES;
  for (const one of files) {
    const { file, name } = typeof one === 'string' ? { file: one, name: basename(one) } : one;
    const content = await readBytes(context, file, room);
    room -= content.length;
    all.push({ filename: name, content });
  }
  return all;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/** As it stands in an address. */
function hostOf(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

function passwordInClear(): StepFailure {
  return new StepFailure({
    type: 'authorization',
    code: 'MAIL_PASSWORD_IN_CLEAR',
    title: 'A password is not sent without encryption',
    detail: 'With `security: none` anybody on the way could read it: use starttls or tls, or send without `password`.',
    certain: true,
  });
}

function noAddress(): StepFailure {
  return new StepFailure({
    type: 'validation',
    code: 'MAIL_NO_ADDRESS',
    title: 'The mail has no sender or no recipient',
    detail: 'Write addresses as `name@example.com` or `Name <name@example.com>`.',
    certain: true,
  });
}
