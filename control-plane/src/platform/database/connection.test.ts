import { createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Fault } from '../errors.ts';
import { describeUrl, ready, withDatabase } from './connection.ts';
import { testDatabase, type TestDatabase } from './testing.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase({ migrations: 'none' });
});
afterAll(() => database.close());

const faultOf = (work: Promise<void>) =>
  work.then(
    () => undefined,
    (error: unknown) => (error instanceof Fault ? error : undefined),
  );

describe('ready', () => {
  it('resolves for a usable server', async () => {
    await ready(database.url, { attempts: 1 });
  });

  it('tries as often as it was told, then says where and what to do, on one line without the password', async () => {
    let tries = 0;
    const server = createServer((socket) => {
      tries += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const port = (server.address() as AddressInfo).port;
    const fault = await faultOf(ready(`postgres://u:LEAK@127.0.0.1:${port}/x`, { attempts: 3, random: () => 0 }));
    server.close();
    expect(tries).toBe(3);
    expect(fault?.code).toBe('DATABASE_UNREACHABLE');
    expect(fault?.toLine()).toContain(`127.0.0.1:${port}/x`);
    expect(fault?.toLine()).not.toMatch(/LEAK|\n/);
  });

  it.each([
    ['a wrong password', 'DATABASE_LOGIN_REFUSED', () => database.url.replace(/:[^:@]+@/, ':LEAK@')],
    ['a database that does not exist', 'DATABASE_MISSING', () => withDatabase(database.url, 'nowhere')],
    ['a refused port', 'DATABASE_UNREACHABLE', () => 'postgres://u:LEAK@127.0.0.1:1/x'],
    ['another kind of URL', 'DATABASE_URL_INVALID', () => 'mysql://u:LEAK@127.0.0.1/x'],
    ['no URL', 'DATABASE_URL_INVALID', () => 'LEAK'],
  ])('%s: %s', async (_what, code, url) => {
    const fault = await faultOf(ready(url(), { attempts: 1 }));
    expect(fault?.code).toBe(code);
    expect(fault?.toLine()).not.toContain('LEAK');
  });

  it('accepts the directory of a socket', () => {
    expect(describeUrl('postgres:///casare?host=/run/postgresql')).toBe('/run/postgresql:5432/casare');
  });
});
