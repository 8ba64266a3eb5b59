import { cp, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { findRunning, isAlive, untilEnded } from './process.ts';
import type { ServerChange } from './supervisor.ts';
import { giveLike, killHard, Scene } from './testing-scene.ts';

let scene: Scene;
let home: string;
beforeEach(async () => {
  scene = new Scene();
  home = await scene.directory();
});
afterEach(() => scene.end());

const statement = (text: string, values: unknown[] = []) => ({ name: '', text, values });
const write = (text: string) => (file: string) => writeFile(file, text);

describe('a home', () => {
  it('keeps its data over a stop and a start, on the same port, and leaves no password readable', async () => {
    const first = await scene.start(home);
    await scene.database(first.url).execute(statement('create table kept as select 42 as answer'));
    await first.stop();
    expect(isAlive(first.pid)).toBe(false);
    expect(await first.exited).toEqual({ reason: 'stopped' });

    const second = await scene.start(home);
    expect(second.adopted).toBe(false);
    expect(second.url).toBe(first.url);
    expect(await scene.database(second.url).query(statement('select answer from kept'))).toEqual([{ answer: 42 }]);
    expect((await readdir(join(home, 'postgres'))).sort()).toEqual(['data', 'lock', 'server.json']);
    expect((await stat(join(home, 'postgres', 'server.json'))).mode & 0o777).toBe(0o600);
  });

  it('is durable, UTF8, on loopback only, and refuses a wrong password', async () => {
    const postgres = await scene.start(home);
    const shown = await scene
      .database(postgres.url)
      .query(
        statement(`select name, setting from pg_settings where name = any($1) order by name`, [
          [
            'data_checksums',
            'fsync',
            'listen_addresses',
            'server_encoding',
            'synchronous_commit',
            'unix_socket_directories',
          ],
        ]),
      );
    expect(Object.fromEntries(shown.map((row) => Object.values(row as object) as [string, string]))).toEqual({
      data_checksums: 'on',
      fsync: 'on',
      listen_addresses: '127.0.0.1',
      server_encoding: 'UTF8',
      synchronous_commit: 'on',
      unix_socket_directories: '',
    });
    const wrong = new URL(postgres.url);
    wrong.password = 'wrong';
    await expect(scene.database(wrong.href).query(statement('select 1'))).rejects.toMatchObject({ code: '28P01' });
  });

  it('takes another port when somebody has its own', async () => {
    const first = await scene.start(home);
    await first.stop();
    const thief = createServer().listen(Number(new URL(first.url).port), '127.0.0.1');
    scene.undo(async () => thief.close());
    const second = await scene.start(home);
    expect(new URL(second.url).port).not.toBe(new URL(first.url).port);
    expect(await scene.database(second.url).query(statement('select 1 as one'))).toEqual([{ one: 1 }]);
  });

  it('belongs to one process at a time', async () => {
    const owner = await scene.startChild(home);
    expect(owner.first.kind).toBe('ready');
    await expect(scene.start(home)).rejects.toMatchObject({ code: 'DATABASE_HOME_IN_USE' });
    await owner.stop();
    await scene.start(home);
  });
});

describe('after kill -9 of the process that owned it', () => {
  it('the server is adopted with its data, and stopped by the adopter', async () => {
    const owner = await scene.startChild(home);
    if (owner.first.kind !== 'ready') throw new Error(JSON.stringify(owner.first));
    const { url, pid } = owner.first;
    await scene.database(url).execute(statement('create table kept as select 1 as one'));
    await killHard(owner.process);
    expect(isAlive(pid)).toBe(true);

    const heir = await scene.start(home);
    expect([heir.adopted, heir.pid, heir.url]).toEqual([true, pid, url]);
    expect(await scene.database(heir.url).query(statement('select one from kept'))).toEqual([{ one: 1 }]);
    await heir.stop();
    expect(await untilEnded(pid, 0)).toBe(true);
  });

  it('and of the server: the stale postmaster.pid is in nobody’s way', async () => {
    const owner = await scene.startChild(home);
    if (owner.first.kind !== 'ready') throw new Error(JSON.stringify(owner.first));
    await killHard(owner.process);
    process.kill(owner.first.pid, 'SIGKILL');
    await untilEnded(owner.first.pid);
    await stat(join(home, 'postgres', 'data', 'postmaster.pid'));
    expect((await scene.start(home)).adopted).toBe(false);
  });

  it('a postmaster.pid with the id of another live process is not believed', async () => {
    const first = await scene.start(home);
    const file = join(home, 'postgres', 'data', 'postmaster.pid');
    const lines = (await readFile(file, 'utf8')).split('\n');
    await first.stop();
    await writeFile(file, [process.pid, ...lines.slice(1)].join('\n'));
    expect((await scene.start(home)).adopted).toBe(false);
  });
});

describe('when the server dies', () => {
  it('it is restarted on the same port, the pool finds it again, and nothing acknowledged is lost', async () => {
    const postgres = await scene.start(home);
    const changes: ServerChange['kind'][] = [];
    postgres.onChange((change) => changes.push(change.kind));
    const db = scene.database(postgres.url);
    await db.execute(statement('create table ticket (id int primary key)'));

    const acknowledged: number[] = [];
    const victim = postgres.pid;
    for (let id = 1; acknowledged.length < 400 && id < 5_000; id++) {
      if (acknowledged.length === 200 && isAlive(victim)) process.kill(victim, 'SIGKILL');
      await db.execute({ name: 'testTicket', text: 'insert into ticket values ($1)', values: [id] }).then(
        () => acknowledged.push(id),
        () => undefined,
      );
    }
    expect(changes).toEqual(['down', 'up']);
    expect(postgres.pid).not.toBe(victim);
    const kept = await db.query<{ id: number }>(statement('select id from ticket'));
    expect(acknowledged.filter((id) => !kept.some((row) => row.id === id))).toEqual([]);
  });

  it('and cannot be started again, it is given up after a bounded number of tries', async () => {
    const postgres = await scene.start(home, { restarts: 3 });
    const changes: ServerChange['kind'][] = [];
    postgres.onChange((change) => changes.push(change.kind));
    await rename(join(home, 'postgres', 'data', 'global'), join(home, 'postgres', 'data', 'gone'));
    process.kill(postgres.pid, 'SIGKILL');
    expect(await postgres.exited).toMatchObject({ reason: 'failed', fault: { code: 'DATABASE_START_FAILED' } });
    expect(changes).toEqual(['down', 'failed']);
    await postgres.stop();
  });

  it('while being stopped, it is not restarted', async () => {
    const postgres = await scene.start(home);
    const heard = vi.fn();
    postgres.onChange(heard);
    const stopping = postgres.stop();
    process.kill(postgres.pid, 'SIGKILL');
    await stopping;
    expect(await untilEnded(postgres.pid, 0)).toBe(true);
    expect(heard).not.toHaveBeenCalled();
  });
});

describe('a broken home is explained, never replaced', () => {
  const data = () => join(home, 'postgres', 'data');
  const record = () => join(home, 'postgres', 'server.json');
  const editRecord = async () =>
    writeFile(record(), (await readFile(record(), 'utf8')).replace(/"password": ".{8}/, '"password": "somewhat'));

  it.each([
    ['data that are gone', 'DATABASE_DATA_MISSING', () => rm(data(), { recursive: true })],
    ['a record that is gone', 'DATABASE_RECORD_MISSING', () => rm(record())],
    ['a damaged record', 'DATABASE_RECORD_BROKEN', () => write('{"version": 1')(record())],
    ['a password that is not the server’s', 'DATABASE_LOGIN_REFUSED', () => editRecord()],
    ['data of another version', 'DATABASE_VERSION_MISMATCH', () => write('14\n')(join(data(), 'PG_VERSION'))],
    ['a damaged control file', 'DATABASE_START_FAILED', () => write('x')(join(data(), 'global', 'pg_control'))],
  ])('%s: %s', async (_what, code, harm) => {
    await (await scene.start(home)).stop();
    await harm();
    await expect(scene.start(home)).rejects.toMatchObject({ code });
    expect(await findRunning(data())).toBeUndefined();
  });

  it('a refused setting is quoted from the server', async () => {
    await expect(scene.start(home, { settings: { shared_buffers: 'lots' } })).rejects.toMatchObject({
      code: 'DATABASE_START_FAILED',
      why: expect.stringContaining('shared_buffers') as string,
    });
  });

  it('an interrupted creation is begun again', async () => {
    await mkdir(join(home, 'postgres', 'data.initialising', 'data'), { recursive: true });
    await scene.start(home);
    expect(await readdir(join(home, 'postgres'))).not.toContain('data.initialising');
  });

  it('a copy of a running home gets a server of its own', async () => {
    const original = await scene.start(home);
    const copy = await scene.directory();
    await cp(join(home, 'postgres'), join(copy, 'postgres'), { recursive: true, preserveTimestamps: true });
    await giveLike(join(home, 'postgres'), join(copy, 'postgres'));
    const second = await scene.start(copy);
    expect(second.adopted).toBe(false);
    expect(second.pid).not.toBe(original.pid);
    expect(isAlive(original.pid)).toBe(true);
  });
});
