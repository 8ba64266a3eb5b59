import { SMTPServer } from 'smtp-server';
import { afterEach, describe, expect, test } from 'vitest';
import { createMailer } from './mail.ts';
import { startMailServer, type MailServerForTests } from './testing.ts';

const servers: MailServerForTests[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));
async function server(options: Parameters<typeof startMailServer>[0] = {}): Promise<MailServerForTests> {
  const started = await startMailServer(options);
  servers.push(started);
  return started;
}
const from = 'Casare <casare@acme.example>';
const letter = { to: ['a@acme.example'], subject: 'It failed', text: 'Job 1\nfailed.', id: 'alert-1' };

describe('a letter', () => {
  test('arrives with its id, from whom the operator said', async () => {
    const { url, letters } = await server();
    expect(await createMailer({ url, from }).send(letter)).toEqual({ rejected: [] });
    expect(letters).toHaveLength(1);
    expect(letters[0]).toMatchObject({ to: ['a@acme.example'], from: 'casare@acme.example' });
    expect(letters[0]!.text).toMatch(/^Message-ID: <alert-1@acme\.example>\r$/m);
    expect(letters[0]!.text).toContain('Job 1\r\nfailed.');
  });

  test('cannot add lines to its head, nor name a file', async () => {
    const { url, letters } = await server();
    await createMailer({ url, from }).send({ ...letter, subject: 'a\r\nBcc: evil@acme.example' });
    expect(letters[0]!.text).not.toMatch(/^Bcc:/m);
    expect(letters[0]!.to).toEqual(['a@acme.example']);
  });

  test('is told of whom the server does not take; if it takes nobody, it was not sent', async () => {
    const { url, letters } = await server({ refuse: ['no@acme.example'] });
    const mailer = createMailer({ url, from });
    expect(await mailer.send({ ...letter, to: ['a@acme.example', 'no@acme.example'] })).toEqual({
      rejected: ['no@acme.example'],
    });
    await expect(mailer.send({ ...letter, to: ['no@acme.example'] })).rejects.toMatchObject({ code: 'MAIL_NOT_SENT' });
    expect(letters).toHaveLength(1);
  });
});

test('a name and password are used, and are in no error', async () => {
  const { url, letters } = await server({ login: { user: 'casare', password: 'p@ss/word' } });
  const withLogin = url.replace('//', '//casare:p%40ss%2Fword@');
  await createMailer({ url: withLogin, from }).send(letter);
  expect(letters).toHaveLength(1);
  const wrong = createMailer({ url: url.replace('//', '//casare:wr0ng-one@'), from }).send(letter);
  await expect(wrong).rejects.toMatchObject({ code: 'MAIL_NOT_SENT' });
  await expect(wrong).rejects.not.toThrow(/wr0ng-one/);
});

test('a server that is not there is said in one line', async () => {
  const closed = new SMTPServer();
  const gone = await startMailServer({ server: closed });
  await gone.close();
  await expect(createMailer({ url: gone.url, from }).send(letter)).rejects.toThrow(
    /^The mail server 127\.0\.0\.1 did not take/,
  );
});
