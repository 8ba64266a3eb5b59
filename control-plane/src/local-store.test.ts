/** What another user of the machine is lent: the embedded database that runs, an address that is configured, nothing else. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { lendStore } from './local-store.ts';
import { readConfig } from './platform/config.ts';
import { createLog } from './platform/log.ts';

test('the addresses are lent until they are given back; an empty database is not', async () => {
  const home = await mkdtemp(path.join(tmpdir(), 'casare-lent-'));
  const { promise: returned, resolve: giveBack } = Promise.withResolvers<void>();
  const lent: string[] = [];
  const how = {
    begins: false,
    log: createLog({ level: 'silent', name: 'test' }),
    lend: (lines: string) => void lent.push(lines),
    returned,
  };
  const embedded = readConfig({ CASARE_HOME: home });
  await expect(lendStore(embedded, how)).rejects.toMatchObject({ code: 'LOCAL_STORE_ELSEWHERE' });
  expect([lent, await readdir(home)]).toEqual([[], []]);

  const urls = ['postgres://own:a@db/casare', 'postgres://app:b@db/casare', 'postgres://system:c@db/casare'];
  const [CASARE_DATABASE_URL, CASARE_DATABASE_APP_URL, CASARE_DATABASE_SYSTEM_URL] = urls;
  const named = { CASARE_DATABASE_URL, CASARE_DATABASE_APP_URL, CASARE_DATABASE_SYSTEM_URL };
  let over = false;
  const lending = lendStore(readConfig({ CASARE_HOME: home, ...named }), how).then(() => (over = true));
  await expect.poll(() => lent).toEqual([`${urls.join('\n')}\n`]);
  expect(over).toBe(false);
  giveBack();
  await lending;
  await rm(home, { recursive: true });
});
