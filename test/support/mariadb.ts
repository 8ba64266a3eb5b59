/** A MariaDB server of the tests' own, out of Debian's packages, on loopback and with TLS. */
import { execFileSync, spawn } from 'node:child_process';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { unpackDebian } from './debian.ts';
import { freePorts } from './ports.ts';

export interface MariaDb {
  readonly port: number;
  readonly password: string;
  /** PEM of its own certificate, for localhost. */
  readonly certificate: Buffer;
  stop(): Promise<void>;
}

const USER = 'casare';
const START_MS = 30_000;

/** Starts a server with the database `test` of user `casare`; throws where the packages cannot be had. */
export async function startMariaDb(): Promise<MariaDb> {
  // Its certificate is for a name, and minimal systems do not know this one.
  await lookup('localhost');
  const { path: file, env } = await unpackDebian('mariadb', ['mariadb-server-core']);
  const folder = await mkdtemp(path.join(tmpdir(), 'casare-mariadb-'));
  const share = file('usr/share/mysql');
  const server = file('usr/sbin/mariadbd');
  const options = [
    '--no-defaults',
    `--datadir=${folder}/data`,
    `--lc-messages-dir=${share}`,
    `--character-sets-dir=${share}/charsets`,
    `--user=${userInfo().username}`,
    // Nothing here must survive a crash.
    '--innodb-flush-log-at-trx-commit=0',
    '--innodb-buffer-pool-size=32M',
    '--innodb-log-file-size=8M',
  ];
  const password = 'correct horse';
  await writeFile(`${folder}/setup.sql`, await setup(share, password));
  await mkdir(`${folder}/data`);
  certify(folder);
  const boot = spawn(server, [...options, '--bootstrap'], { env, stdio: ['pipe', 'ignore', 'pipe'] });
  createReadStream(`${folder}/setup.sql`).pipe(boot.stdin);
  await ended(boot).catch(async (error: unknown) => {
    await rm(folder, { recursive: true, force: true });
    throw error;
  });
  const [port = 0] = await freePorts(1);
  const child = spawn(
    server,
    [
      ...options,
      `--socket=${folder}/sock`,
      `--port=${port}`,
      '--bind-address=localhost',
      '--skip-name-resolve',
      `--ssl-cert=${folder}/cert.pem`,
      `--ssl-key=${folder}/key.pem`,
    ],
    { env, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const log: string[] = [];
  child.stderr.on('data', (part: Buffer) => log.push(part.toString()));
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await answering(port, () => child.exitCode);
  } catch (error) {
    await stop();
    throw new Error(`${String(error)}\n${log.join('').slice(-2_000)}`);
  }
  return { port, password, certificate: await readFile(`${folder}/cert.pem`), stop };
}

async function setup(share: string, password: string): Promise<string> {
  // Newer packages call them mariadb_….
  const names = ['system_tables.sql', 'system_tables_data.sql'];
  const parts = names.map((name) =>
    readFile(path.join(share, `mysql_${name}`), 'utf8').catch(() =>
      readFile(path.join(share, `mariadb_${name}`), 'utf8'),
    ),
  );
  // The bootstrap takes one statement a line.
  return [
    'CREATE DATABASE mysql;',
    'USE mysql;',
    ...(await Promise.all(parts)),
    'FLUSH PRIVILEGES;',
    'CREATE DATABASE test CHARACTER SET utf8mb4;',
    `CREATE USER '${USER}'@'%' IDENTIFIED BY '${password}';`,
    `GRANT ALL ON test.* TO '${USER}'@'%';`,
    '',
  ].join('\n');
}

function certify(folder: string): void {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', `${folder}/key.pem`];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  execFileSync('openssl', ['req', '-x509', ...key, '-out', `${folder}/cert.pem`, '-days', '2', ...subject], {
    stdio: 'ignore',
  });
}

async function ended(child: ReturnType<typeof spawn>): Promise<void> {
  const log: string[] = [];
  child.stderr?.on('data', (part: Buffer) => log.push(part.toString()));
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`mariadbd --bootstrap ended with ${code}: ${log.join('').slice(-2_000)}`);
}

async function answering(port: number, exitCode: () => number | null): Promise<void> {
  const until = performance.now() + START_MS;
  while (performance.now() < until) {
    if (exitCode() !== null) throw new Error('mariadbd ended');
    const answers = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('data', () => resolve(true));
      socket.once('error', () => resolve(false));
      socket.once('close', () => resolve(false));
      socket.once('data', () => socket.destroy());
    });
    if (answers) return;
    await sleep(100);
  }
  throw new Error('mariadbd did not answer in time');
}
