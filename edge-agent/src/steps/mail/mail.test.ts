import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { StepFailure } from '../../engine/index.ts';
import { unrestricted } from '../../policy/index.ts';
import { newStepRun, type StepRun } from '../step-run-for-tests.ts';

let run: StepRun;
let tls: { key: Buffer; cert: Buffer };
beforeAll(async () => {
  run = await newStepRun();
  const folder = await mkdtemp(join(tmpdir(), 'casare-mail-'));
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', join(folder, 'key.pem')];
  execFileSync('openssl', ['req', '-x509', ...key, '-out', join(folder, 'cert.pem'), '-days', '2', ...subject], {
    stdio: 'ignore',
  });
  tls = { key: await readFile(join(folder, 'key.pem')), cert: await readFile(join(folder, 'cert.pem')) };
  await rm(folder, { recursive: true });
  await run.put('ca.pem', tls.cert);
});
afterAll(() => run.end());

interface Received {
  readonly to: string[];
  readonly user: string | undefined;
  readonly text: string;
  readonly secure: boolean;
}

const servers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of servers.splice(0)) await close();
});

/** A real mail server that keeps what it gets. */
async function smtp(options: SMTPServerOptions = {}): Promise<{ port: number; received: Received[] }> {
  const received: Received[] = [];
  const server = new SMTPServer({
    ...tls,
    authOptional: true,
    onAuth: ({ username, password }, _session, done) =>
      password === 'correct' ? done(null, { user: username ?? '' }) : done(new Error('wrong')),
    onData: (stream, session, done) => {
      const parts: Buffer[] = [];
      stream.on('data', (part: Buffer) => parts.push(part));
      stream.on('end', () => {
        const to = session.envelope.rcptTo.map(({ address }) => address);
        received.push({
          to,
          user: session.user as string | undefined,
          text: Buffer.concat(parts).toString(),
          secure: session.secure,
        });
        done();
      });
    },
    ...options,
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push(() => new Promise((resolve) => server.close(() => resolve())));
  return { port: (server.server.address() as { port: number }).port, received };
}

const send = (port: number, more: object = {}, server: object = {}, options: object = {}) =>
  run.call(
    'mail.send',
    {
      server: { host: '127.0.0.1', port, authorities: 'ca.pem', ...server },
      from: 'Billing <billing@example.com>',
      to: ['a@example.com', 'B <b@example.com>'],
      subject: 'Grüße',
      text: 'Hello\n.\nworld',
      ...more,
    },
    options,
  );

describe('mail.send', () => {
  test('sends text, page and attachments over STARTTLS with a login; blind copies stay blind', async () => {
    const { port, received } = await smtp();
    await run.put('report.csv', 'a,b\n1,2\n');
    const attachments = ['report.csv', { file: 'report.csv', name: 'Übersicht.csv' }];
    const more = { html: '<b>Hello</b>', bcc: 'secret@example.com', attachments };
    const sent = (await send(port, more, { user: 'u', password: 'correct' })) as { messageId: string };
    expect(sent).toMatchObject({ accepted: ['a@example.com', 'b@example.com', 'secret@example.com'], rejected: [] });
    expect(received).toMatchObject([
      { to: ['a@example.com', 'b@example.com', 'secret@example.com'], user: 'u', secure: true },
    ]);
    const { text } = received[0]!;
    expect(text).not.toContain('secret@example.com');
    expect(text).toContain(`Message-ID: ${sent.messageId}`);
    expect(text).toContain('Hello\r\n.\r\nworld');
    expect(text).toContain(Buffer.from('a,b\n1,2\n').toString('base64'));
    expect(text).toMatch(/filename\*0\*=utf-8''%C3%9Cbersicht.csv/);
    // The same step of the same run: whoever gets it twice can tell.
    expect(await send(port, more, { user: 'u', password: 'correct' })).toMatchObject({ messageId: sent.messageId });
    expect(await send(port, more, {}, { position: '/do/1/other' })).not.toMatchObject({ messageId: sent.messageId });
  });

  test('speaks TLS from the beginning, or none at all, as asked', async () => {
    const secure = await smtp({ secure: true });
    await send(secure.port, {}, { security: 'tls' });
    expect(secure.received).toMatchObject([{ secure: true }]);
    const plain = await smtp({ disabledCommands: ['STARTTLS'] });
    await send(plain.port, {}, { security: 'none' });
    expect(plain.received).toMatchObject([{ secure: false }]);
    await expect(send(plain.port)).rejects.toMatchObject({ code: 'MAIL_TLS', certain: true });
    expect(plain.received).toHaveLength(1);
  });

  test('a server that nobody vouches for gets neither the password nor the mail', async () => {
    let logins = 0;
    const { port, received } = await smtp({
      onAuth: (_auth, _session, done) => {
        logins += 1;
        done(null, { user: 'u' });
      },
    });
    const login = { user: 'u', password: 'correct' };
    await expect(send(port, {}, { ...login, authorities: undefined })).rejects.toMatchObject({
      code: 'MAIL_TLS',
      certain: true,
    });
    expect([logins, received.length]).toEqual([0, 0]);
    await send(port, {}, login);
    expect([logins, received.length]).toEqual([1, 1]);
    const inClear = send(port, {}, { ...login, host: 'mail.example.com', security: 'none' });
    await expect(inClear).rejects.toMatchObject({ code: 'MAIL_PASSWORD_IN_CLEAR' });
  });

  test('refusals in words are certain: nothing was sent', async () => {
    const { port } = await smtp();
    await expect(send(port, {}, { user: 'u', password: 'wrong' })).rejects.toMatchObject({
      code: 'MAIL_LOGIN_REFUSED',
      certain: true,
    });
    const nobody = await smtp({ onRcptTo: (_address, _session, done) => done(new Error('unknown')) });
    await expect(send(nobody.port)).rejects.toMatchObject({ code: 'MAIL_ADDRESS_REFUSED', certain: true });
    const spam = await smtp({
      onData: (stream, _session, done) => stream.resume().on('end', () => done(new Error('looks like spam'))),
    });
    await expect(send(spam.port)).rejects.toMatchObject({
      code: 'MAIL_REFUSED',
      certain: true,
      detail: expect.stringContaining('looks like spam') as unknown,
    });
    await expect(send(1)).rejects.toMatchObject({ code: 'MAIL_UNREACHABLE', certain: true });
  });

  test('a connection that breaks while the mail is handed over leaves a doubt', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.write('220 here\r\n');
      socket.on('data', (data) => {
        const command = data.toString().slice(0, 4);
        if (command === 'DATA') socket.write('354 go on\r\n');
        else if (/^(EHLO|MAIL|RCPT)/.test(command)) socket.write('250 fine\r\n');
        else socket.destroy();
      });
    });
    const talking = await listening(server);
    const failure = await send(talking, {}, { security: 'none' }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(StepFailure);
    expect(failure).toMatchObject({ code: 'MAIL_IN_DOUBT', certain: false });
  });

  test('a server that says nothing is given up with the step', async () => {
    const port = await listening(createServer(() => undefined));
    const signal = AbortSignal.timeout(200);
    await expect(send(port, {}, {}, { signal })).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  test('the policy is asked before anything is said', async () => {
    const { port, received } = await smtp();
    const asked: string[] = [];
    const refuse = async (url: string) => {
      asked.push(url);
      throw new StepFailure({ type: 'authorization', code: 'POLICY_URL_REFUSED', title: 'no', certain: true });
    };
    const policy = { ...unrestricted, checkUrl: refuse };
    await expect(send(port, {}, {}, { policy })).rejects.toMatchObject({ code: 'POLICY_URL_REFUSED' });
    expect([asked, received.length]).toEqual([[`smtp://127.0.0.1:${port}`], 0]);
    // Where a name leads is judged again when it is dialled.
    const lookupFor = () => (_name: string, _options: object, done: (error: Error, address: string) => void) =>
      done(new StepFailure({ type: 'authorization', code: 'POLICY_HOST_REFUSED', title: 'no', certain: true }), '');
    const judged = { policy: { ...unrestricted, lookupFor } };
    await expect(send(port, {}, { host: 'localhost' }, judged)).rejects.toMatchObject({ code: 'POLICY_HOST_REFUSED' });
  });

  test.each([
    ['a header in the subject', { subject: 'x\r\nBcc: evil@example.com' }],
    ['a header in an address', { to: 'a@example.com\r\nBcc: evil@example.com' }],
    ['a header in a file name', { attachments: [{ file: 'x', name: 'a\r\nX: y' }] }],
    ['neither text nor page', { text: undefined }],
  ])('%s is refused', async (_, more) => {
    await expect(send(1, more)).rejects.toMatchObject({ name: 'ZodError' });
  });
});

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const sockets = new Set<{ destroy(): void }>();
  server.on('connection', (socket) => sockets.add(socket));
  servers.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return (server.address() as { port: number }).port;
}
