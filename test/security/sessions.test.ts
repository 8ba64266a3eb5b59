/** Attack 39, as far as sessions go: fixation, forged requests, frames, guessing. Texts: `records.test.ts`, `test/e2e`. */
import { api, Problem } from '@casare/shared/api';
import { afterAll, beforeAll, expect } from 'vitest';
import { openAccountsDesk, PASSWORD, type AccountsDesk } from '../../control-plane/src/accounts/testing.ts';
import { attack } from './attack.ts';

let desk: AccountsDesk;
let email: string;
beforeAll(async () => {
  desk = await openAccountsDesk();
  ({ email } = await desk.somebody('owner', { joined: true }));
});
afterAll(() => desk.close());

const me = (cookie: string) => fetch(`${desk.url}/api/v1/auth/me`, { headers: { cookie } });
const code = async (response: Response) => Problem.parse(await response.json()).code;

attack(
  39,
  'a session that was put into the browser before somebody signs in is not theirs afterwards, and is over',
  [
    {
      file: 'control-plane/src/accounts/session-cookie.ts',
      find: 'if (before !== null) await accounts.logOut(before);',
    },
  ],
  async () => {
    const planted = await desk.signIn({ email, password: PASSWORD });
    expect((await me(planted.cookie)).status).toBe(200);
    const after = await desk.signIn({ email, password: PASSWORD }, { cookie: planted.cookie });
    expect(after.cookie).not.toBe(planted.cookie);
    expect((await me(after.cookie)).status).toBe(200);
    expect((await me(planted.cookie)).status).toBe(401);
  },
);

attack(
  39,
  'a request that another page made the browser send changes nothing',
  [
    {
      file: 'control-plane/src/platform/http/guard.ts',
      find: "if (caller.via === 'session' && endpoint.method !== 'GET') checkCsrf(caller, request);",
    },
  ],
  async () => {
    const { cookie, client } = await desk.signIn({ email, password: PASSWORD });
    for (const forged of ['', 'x'.repeat(43)]) {
      const sent = await desk.post('/auth/logout', {}, { cookie, 'x-csrf-token': forged });
      expect(await code(sent)).toBe('CSRF_TOKEN_WRONG');
    }
    expect((await me(cookie)).status).toBe(200);
    await client.call(api.auth.logout);
    expect((await me(cookie)).status).toBe(401);
  },
);

attack(
  39,
  'no page may frame ours, run scripts of others or send forms elsewhere; scripts and other sites do not get the cookie',
  [
    { file: 'control-plane/src/platform/http/headers.ts', find: `"frame-ancestors 'none'",` },
    { file: 'control-plane/src/accounts/session-cookie.ts', find: 'HttpOnly; SameSite=Strict; ' },
  ],
  async () => {
    const response = await desk.post('/auth/login', { email, password: PASSWORD });
    const policy = response.headers.get('content-security-policy')!;
    for (const part of ["frame-ancestors 'none'", "default-src 'none'", "script-src 'self'", "form-action 'self'"]) {
      expect(policy).toContain(part);
    }
    expect(response.headers.get('x-frame-options')).toBe('DENY');
    expect(response.headers.get('set-cookie')).toMatch(/; HttpOnly; SameSite=Strict; .*; Secure$/);
  },
);

attack(
  39,
  'who guesses a password is locked out, also when all guesses come at once',
  [{ file: 'control-plane/src/accounts/accounts.service.ts', find: 'if (locked !== null) return locked;' }],
  async () => {
    const wrong = Array.from({ length: 8 }, () => desk.post('/auth/login', { email, password: 'a wrong one' }));
    const codes = await Promise.all(wrong.map(async (sent) => code(await sent)));
    expect(codes.filter((one) => one === 'AUTH_WRONG_CREDENTIALS')).toHaveLength(5);
    expect(await code(await desk.post('/auth/login', { email, password: PASSWORD }))).toBe('AUTH_LOCKED_OUT');
    desk.clock.advance(15 * 60_000);
    expect((await desk.post('/auth/login', { email, password: PASSWORD })).status).toBe(200);
  },
);
