/**
 * Mail that the control plane sends, by the operator's server (`CASARE_SMTP_URL`, `CASARE_MAIL_FROM`): plain text, in a talk
 * of its own each time.
 *
 * Invariants: beyond this machine nothing is said without TLS; nothing outlasts `TALK_MS`; a letter has the id that its sender
 * gave, so that one which comes twice can be told; addresses and subjects cannot add lines to its head (nodemailer).
 */
import { createTransport } from 'nodemailer';
import { isLoopback, type MailSettings } from '../config.ts';
import { Fault, lineOf } from '../errors.ts';

export interface Letter {
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  /** The same for each sending of the same letter. */
  readonly id: string;
}

export interface Mailer {
  /** The recipients that the server did not take; at least one was. @throws Fault MAIL_NOT_SENT */
  send(letter: Letter): Promise<{ readonly rejected: readonly string[] }>;
}

const TALK_MS = 20_000;
const SUBJECT = 200;

export function createMailer({ url, from }: MailSettings): Mailer {
  const { protocol, hostname, port, username, password } = new URL(url);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const secure = protocol === 'smtps:';
  const auth =
    username === '' ? {} : { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } };
  return {
    async send({ to, subject, text, id }) {
      const transport = createTransport({
        ...{ host, port: port === '' ? (secure ? 465 : 587) : Number(port), secure, ...auth },
        ...{ requireTLS: !secure && !isLoopback(host), disableFileAccess: true, disableUrlAccess: true },
        ...{ connectionTimeout: TALK_MS, greetingTimeout: TALK_MS, socketTimeout: TALK_MS, dnsTimeout: TALK_MS },
      });
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error('the server takes too long')), TALK_MS);
      });
      const messageId = `<${id}@${from.split('@').at(-1)!.replace(/>$/, '')}>`;
      const letter = { from, to: [...to], subject: subject.slice(0, SUBJECT), text, messageId };
      try {
        const { rejected } = (await Promise.race([transport.sendMail(letter), late])) as { rejected?: unknown[] };
        return { rejected: (rejected ?? []).map(String) };
      } catch (error) {
        throw new Fault({
          code: 'MAIL_NOT_SENT',
          what: `The mail server ${host} did not take a letter`,
          why: lineOf(error),
          fix: 'Look at CASARE_SMTP_URL and CASARE_MAIL_FROM, and at the log of that server',
          status: 502,
        });
      } finally {
        clearTimeout(timer);
        transport.close();
      }
    },
  };
}
