/** For tests: a mail server on a free loopback port that keeps what it is sent. */
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

export interface ReceivedLetter {
  readonly from: string;
  readonly to: readonly string[];
  /** With its head. */
  readonly text: string;
}

export interface MailServerForTests {
  readonly url: string;
  readonly letters: ReceivedLetter[];
  /** Letters are refused with 451 until it is said otherwise. */
  broken: boolean;
  close(): Promise<void>;
}

export interface MailServerOptions {
  /** Recipients that it does not take. */
  readonly refuse?: readonly string[];
  readonly login?: { readonly user: string; readonly password: string };
  readonly server?: SMTPServer;
}

export async function startMailServer({ refuse = [], login, server }: MailServerOptions): Promise<MailServerForTests> {
  const letters: ReceivedLetter[] = [];
  const state = { broken: false };
  const options: SMTPServerOptions = {
    authOptional: login === undefined,
    allowInsecureAuth: true,
    disabledCommands: ['STARTTLS', ...(login === undefined ? ['AUTH'] : [])],
    onAuth: ({ username, password }, _, done) =>
      done(username === login?.user && password === login?.password ? null : new Error('no'), { user: username }),
    onRcptTo: ({ address }, _, done) => done(refuse.includes(address) ? new Error('no such person') : null),
    onData: (stream, session, done) => {
      void text(stream).then((whole) => {
        if (state.broken) return done(Object.assign(new Error('not now'), { responseCode: 451 }));
        const { mailFrom, rcptTo } = session.envelope;
        letters.push({
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          text: whole,
        });
        done(null);
      });
    },
  };
  const started = server ?? new SMTPServer(options);
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
  const { port } = started.server.address() as AddressInfo;
  return {
    url: `smtp://127.0.0.1:${port}`,
    letters,
    get broken() {
      return state.broken;
    },
    set broken(now) {
      state.broken = now;
    },
    close: () => new Promise<void>((resolve) => started.close(resolve)),
  };
}
