import { execFileSync } from 'node:child_process';
import { chmod, chown, cp, lstat, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '../../log.ts';
import { installedPackage, prepareBinaries } from './binaries.ts';
import { canReach, chooseRunAs } from './identity.ts';
import { NOBODY, Scene, isRoot } from './testing-scene.ts';

const nobodyCanRun =
  isRoot &&
  (await canReach(process.execPath, { ...NOBODY, name: '' })) &&
  (await canReach(import.meta.dirname, { ...NOBODY, name: '' }));

let scene: Scene;
let home: string;
beforeEach(async () => {
  scene = new Scene();
  home = await scene.directory();
});
afterEach(() => scene.end());

const statement = (text: string) => ({ name: '', text, values: [] });
const dataOwner = async (path: string) => (await stat(path)).uid;

describe.skipIf(!isRoot)('as root (skipped for other users)', () => {
  it('PostgreSQL runs as another user, who owns the data', async () => {
    const postgres = await scene.start(home);
    const status = await readFile(`/proc/${postgres.pid}/status`, 'utf8');
    const uid = Number(/^Uid:\s+(\d+)/m.exec(status)?.[1]);
    expect(uid).toBeGreaterThan(0);
    expect(/^Groups:[ \t]*(.*)$/m.exec(status)?.[1]?.trim()).toBe('');
    expect(await dataOwner(join(home, 'postgres', 'data'))).toBe(uid);
  });

  it('below a private directory, data and programs go where that user can reach them, and stay found', async () => {
    const rootPlace = join(home, 'var');
    const shut = join(home, 'shut');
    await mkdir(shut, { mode: 0o700 });
    await cp(installedPackage(), join(shut, 'package'), { recursive: true, verbatimSymlinks: true });
    const extra = { rootPlace, package: join(shut, 'package') };

    const first = await scene.start(shut, extra);
    await scene.database(first.url).execute(statement('create table kept as select 7 as seven'));
    await first.stop();
    const record = JSON.parse(await readFile(join(shut, 'postgres', 'server.json'), 'utf8')) as {
      elsewhere: { data: string };
    };
    expect(record.elsewhere.data.startsWith(rootPlace)).toBe(true);
    expect(await readFile(join(record.elsewhere.data, '..', 'belongs-to'), 'utf8')).toBe(`${join(shut, 'postgres')}\n`);

    const second = await scene.start(shut, extra);
    expect(await scene.database(second.url).query(statement('select seven from kept'))).toEqual([{ seven: 7 }]);
    await second.stop();

    const copied = join(home, 'copied');
    await cp(shut, copied, { recursive: true, verbatimSymlinks: true });
    await expect(scene.start(copied, extra)).rejects.toMatchObject({ code: 'DATABASE_COPIED_HOME' });
  });

  it('data that belong to a user are served as that user', async () => {
    const first = await scene.start(home);
    await first.stop();
    for (const entry of await readdir(join(home, 'postgres', 'data'), { recursive: true })) {
      await chown(join(home, 'postgres', 'data', entry), NOBODY.uid, NOBODY.gid);
    }
    await chown(join(home, 'postgres', 'data'), NOBODY.uid, NOBODY.gid);
    const second = await scene.start(home);
    expect(await readFile(`/proc/${second.pid}/status`, 'utf8')).toMatch(/^Uid:\s+65534\s/m);
  });

  it('a full disk is one line with what to do', async ({ skip }) => {
    const small = join(home, 'small');
    await mkdir(small);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m,mode=711', 'tmpfs', small], { stdio: 'ignore' });
    } catch {
      skip('this root may not mount a small disk');
    }
    scene.undo(async () => execFileSync('umount', [small]));
    await expect(scene.start(small)).rejects.toMatchObject({ code: 'DATABASE_DISK_FULL' });
  });

  it('without any user to run as, it says so', async () => {
    const passwd = join(home, 'passwd');
    await writeFile(passwd, 'root:x:0:0:root:/root:/bin/sh\n');
    await expect(chooseRunAs(undefined, passwd)).rejects.toMatchObject({ code: 'DATABASE_NO_USER' });
    await writeFile(passwd, 'nobody:x:65534:65534::/:/bin/false\ncasare:x:300:301::/:/bin/false\n');
    expect(await chooseRunAs(undefined, passwd)).toEqual({ name: 'casare', uid: 300, gid: 301 });
  });
});

describe.skipIf(!nobodyCanRun)(
  'as an ordinary user (needs root to become one, and a checkout that user can read)',
  () => {
    it('starts, keeps data, and does not believe a recycled process id', async () => {
      const own = await scene.directory(NOBODY);
      const first = await scene.startChild(own, NOBODY);
      expect(first.first).toMatchObject({ kind: 'ready', adopted: false });
      if (first.first.kind !== 'ready') return;
      await scene.database(first.first.url).execute(statement('create table kept as select 9 as nine'));
      const file = join(own, 'postgres', 'data', 'postmaster.pid');
      const lines = (await readFile(file, 'utf8')).split('\n');
      await first.stop();

      // A live process of the same user, which PostgreSQL by itself takes for a running server.
      const other = await scene.startChild(await scene.directory(NOBODY), NOBODY);
      await writeFile(file, [other.process.pid, ...lines.slice(1)].join('\n'));
      await chown(file, NOBODY.uid, NOBODY.gid);
      const second = await scene.startChild(own, NOBODY);
      expect(second.first).toMatchObject({ kind: 'ready', adopted: false });
      if (second.first.kind !== 'ready') return;
      expect(await scene.database(second.first.url).query(statement('select nine from kept'))).toEqual([{ nine: 9 }]);
      await second.stop();
      await other.stop();
    });

    it('a directory it cannot write is one line with what to do', async () => {
      const foreign = await scene.directory();
      const { first } = await scene.startChild(foreign, NOBODY);
      expect(first).toMatchObject({ kind: 'fault', code: 'DATABASE_HOME_UNWRITABLE' });
    });

    it('a home that root made is one line with what to do', async () => {
      const own = await scene.directory(NOBODY);
      await (await scene.start(own)).stop();
      const { first } = await scene.startChild(own, NOBODY);
      expect(first).toMatchObject({ kind: 'fault', code: 'DATABASE_HOME_UNWRITABLE' });
    });

    it('a user without a passwd entry is one line with what to do', async () => {
      const unknown = { uid: 54_321, gid: 54_321 };
      const { first } = await scene.startChild(await scene.directory(unknown), unknown);
      expect(first).toMatchObject({ kind: 'fault', code: 'DATABASE_USER_UNKNOWN' });
    });
  },
);

describe('programs', () => {
  const prepare = (source: string, copyTo: string) =>
    prepareBinaries({ source, copyTo: [copyTo], runAs: undefined, log: silentLog });

  it('get the links that the package’s install script would have made', async () => {
    const source = join(home, 'package');
    await copyWithoutLinks(source);
    const { initdb } = await prepare(source, join(home, 'copies'));
    expect(initdb).toBe(join(source, 'native', 'bin', 'initdb'));
    expect((await lstat(join(source, 'native', 'lib', 'libpq.so.5'))).isSymbolicLink()).toBe(true);
    expect(execFileSync(initdb, ['--version'], { encoding: 'utf8' })).toContain('PostgreSQL');
  });

  it.skipIf(!isRoot)(
    'are copied when the user cannot reach them; a directory of somebody else is refused',
    async () => {
      const shut = join(home, 'shut');
      await mkdir(shut, { mode: 0o700 });
      await copyWithoutLinks(join(shut, 'package'));
      const copies = join(home, 'copies');
      const runAs = { ...NOBODY, name: 'nobody' };
      const options = { source: join(shut, 'package'), copyTo: [copies], runAs, log: silentLog };
      const { initdb } = await prepareBinaries(options);
      expect(initdb.startsWith(copies)).toBe(true);
      expect(execFileSync(initdb, ['--version'], { encoding: 'utf8', cwd: '/', ...NOBODY })).toContain('PostgreSQL');
      expect(await prepareBinaries(options)).toMatchObject({ initdb });
      expect(await readdir(copies)).toHaveLength(1);

      const copy = join(initdb, '..', '..', '..');
      await chmod(copy, 0o777);
      await expect(prepareBinaries(options)).rejects.toMatchObject({ code: 'DATABASE_BINARIES_UNTRUSTED' });
      await rm(copy, { recursive: true });
      await symlink(join(shut, 'package'), copy);
      await expect(prepareBinaries(options)).rejects.toMatchObject({ code: 'DATABASE_BINARIES_UNTRUSTED' });
      await rm(copy);
      await chown(copies, NOBODY.uid, NOBODY.gid);
      await expect(prepareBinaries(options)).rejects.toMatchObject({ code: 'DATABASE_BINARIES_UNTRUSTED' });
    },
  );
});

async function copyWithoutLinks(to: string): Promise<void> {
  const filter = async (path: string) => !(await lstat(path)).isSymbolicLink();
  await cp(installedPackage(), to, { recursive: true, filter });
}
