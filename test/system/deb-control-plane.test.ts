/**
 * The package of the control plane in a Debian 12 that holds nothing else. systemd does not run there
 * (systemd.test.ts): what the units say is run as their users by setpriv, without the sandbox that systemd would make around them.
 */
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { api, createClient, type Client } from '@casare/shared/client';
import { builtDeb } from '../support/built-debs.ts';
import { CLEAN, enterDebian, type Guest, whyNoRoot } from '../support/debian-root.ts';
import { expectDone, openShop, type Shop, submitWork } from '../support/packed-work.ts';
import { freePorts } from '../support/ports.ts';
import { type Program, startProgram } from '../support/program.ts';
import { until } from '../support/stack.ts';
import { type Started, startUnit } from '../support/unit-service.ts';

const BUILD_MS = 15 * 60_000;
const TAG = 'room=deb';
const SERVER = 'casare-control-plane';
const FILE = '/etc/casare/control-plane.yaml';
const HERE = `/usr/lib/${SERVER}`;
const DATA = '/var/lib/casare /var/lib/casare-signer';
const reason = await whyNoRoot('the package');
if (reason !== null) console.log(`skipped: ${reason}`);

let folder = '';
let shop: Shop;
let debian: Guest;
let ports: readonly number[] = [];
let agent: Program | undefined;
let firstJob = '';
const running: ChildProcess[] = [];
const packages = { now: '/tmp/now.deb', broken: '/tmp/broken.deb', later: '/tmp/later.deb' };

/**
 * The same under higher versions: one with a migration more and one that fails, one with the former alone. Nothing of them is
 * compressed, which takes longer than all that is tested here.
 */
const VARIANTS = `
  set -e
  cd /tmp && dpkg-deb -R "$BUILT" made
  migrations=made${HERE}/control-plane/migrations
  last=$(ls $migrations | tail -1 | cut -c1-4 | sed 's/^0*//')
  build() { dpkg-deb --root-owner-group -Znone -b made /tmp/$1.deb > /dev/null; }
  build now
  sed -i 's/^Version: .*/&+broken/' made/DEBIAN/control
  echo "comment on schema public is 'later';" > $migrations/$(printf %04d $((last + 1)))_later.sql
  echo 'select nonsense;' > $migrations/$(printf %04d $((last + 2)))_latest.sql
  build broken
  sed -i 's/+broken$/+later/' made/DEBIAN/control
  rm $migrations/*_latest.sql
  build later
  rm -r made`;

beforeAll(async () => {
  if (reason !== null) return;
  folder = mkdtempSync(path.join(tmpdir(), 'casare-deb-'));
  const built = await builtDeb('casare-control-plane');
  debian = await enterDebian('bookworm', CLEAN, folder);
  shop = await openShop();
  ports = await freePorts(3);
  expect(await debian.sh(`BUILT=${await debian.bring(built)}; ${VARIANTS}`)).toEqual({ code: 0, out: '' });
}, BUILD_MS);
afterAll(async () => {
  await agent?.end('SIGKILL');
  for (const child of running) child.kill('SIGKILL');
  if (reason === null) {
    await debian.end();
    await shop.close();
    rmSync(folder, { recursive: true, force: true });
  }
});

interface Served {
  readonly client: Client;
  readonly server: Started;
  stop(): Promise<void>;
}

/** Both services, as their units have them, until the control plane is ready. */
async function serve(): Promise<Served> {
  const signer = await startUnit(debian, 'casare-signer', running);
  const server = await startUnit(debian, SERVER, running);
  const url = `http://127.0.0.1:${ports[0]}`;
  await until('the control plane', 120_000, async () => {
    if (server.child.exitCode !== null) throw new Error(server.output);
    return (await fetch(`${url}/readyz`).catch(() => null))?.ok ?? false;
  });
  const { out } = await debian.sh('cat /var/lib/casare/admin.json');
  const { apiKey } = JSON.parse(out) as { apiKey: string };
  return {
    client: createClient({ url, apiKey }),
    server,
    async stop() {
      expect(await server.stop()).toBe(0);
      expect(await signer.stop()).toBe(0);
    },
  };
}

async function install(file: string): Promise<void> {
  const installed = await debian.sh(`dpkg -i ${file} < /dev/null`);
  expect(installed.code, installed.out).toBe(0);
}

const migrated = ({ output }: Started) =>
  [...output.matchAll(/^migrating the database: (\w+)/gm)].map(([, name]) => name);

describe.skipIf(reason !== null)('the .deb of the control plane in a clean Debian', { timeout: 300_000 }, () => {
  test('it installs without a question, makes its users and its configuration, and may be configured again', async () => {
    await install(packages.now);
    const again = await debian.sh(`/var/lib/dpkg/info/${SERVER}.postinst configure ""`);
    expect(again.code, again.out).toBe(0);
    const { out } = await debian.sh(
      `stat -c '%U:%G %a %n' ${FILE} ${DATA} /var/backups/casare /run/casare-signer ${HERE}/node
       getent passwd casare-web casare-signer | cut -d: -f1,7; id -nG casare-web
       ls /etc/systemd/system/*.wants | grep casare | sort; ls ${HERE}/sbom.cdx.json ${HERE}/THIRD-PARTY-NOTICES.txt`,
    );
    expect(out.trimEnd().split('\n')).toEqual([
      `root:root 644 ${FILE}`,
      'casare-web:casare-web 700 /var/lib/casare',
      'casare-signer:casare-signer 700 /var/lib/casare-signer',
      'casare-web:casare-web 700 /var/backups/casare',
      'casare-signer:casare-signer 750 /run/casare-signer',
      `root:root 755 ${HERE}/node`,
      'casare-web:/usr/sbin/nologin',
      'casare-signer:/usr/sbin/nologin',
      'casare-web casare-signer',
      'casare-backup.timer',
      'casare-control-plane.service',
      'casare-signer.service',
      `${HERE}/THIRD-PARTY-NOTICES.txt`,
      `${HERE}/sbom.cdx.json`,
    ]);
  });

  test('a configuration with faults ends both services with the code that systemd does not start again, all told', async () => {
    await debian.sh(`printf 'webb: { port: 1 }\\nhost: 7\\n' > ${FILE}`);
    for (const unit of [SERVER, 'casare-signer']) {
      const faulty = await startUnit(debian, unit, running);
      expect(await faulty.ended, faulty.output).toBe(2);
      expect(faulty.output.split('\n')).toEqual([
        `CONFIG_INVALID: ${FILE} has 2 faults: correct it and start again.`,
        `${FILE}:1:1: there is no \`webb\` here; did you mean \`web\`? (/webb)`,
        `${FILE}:2:7: expected a text, found a number (/host)`,
        '',
      ]);
    }
  });

  test('it serves with its own Postgres, and the signer as another user; a job runs through an agent', async () => {
    const [web, enrol, tunnel] = ports;
    await debian.sh(
      `printf 'web: { port: ${web} }\\nenrol: { port: ${enrol} }\\ntunnel: { port: ${tunnel} }\\n' > ${FILE}`,
    );
    const served = await serve();
    const { client } = served;
    expect(await (await fetch(`http://127.0.0.1:${web}/`)).text()).toContain('<!doctype html>');
    const { token } = await client.call(api.joinTokens.create, { body: { autoApprove: true, tags: [TAG] } });
    const args = ['--home', path.join(folder, 'agent')];
    const log = path.join(folder, 'agent.log');
    const join = ['enrol', '--url', `https://127.0.0.1:${enrol}`, '--token', token, ...args];
    expect(await startProgram('edge-agent/dist/cli/main.js', join, process.env, log).ended).toBe(0);
    agent = startProgram('edge-agent/dist/cli/main.js', ['run', ...args], process.env, log);
    firstJob = (await submitWork(client, shop, TAG)).id;
    expectDone(await over(client, firstJob));
    // The keys of the CAs are the signer's alone; nobody else's files are in either home.
    const { out } = await debian.sh(
      `setpriv --reuid=casare-web --regid=casare-web --init-groups ls /var/lib/casare-signer; ls /var/lib/casare-signer
       find / -xdev -name master.key; find /var/lib/casare ! -user casare-web; find /var/lib/casare-signer ! -user casare-signer`,
    );
    expect(out.split('\n').sort()).toEqual(
      [
        '',
        '/var/lib/casare-signer/master.key',
        expect.stringContaining('Permission denied') as string,
        'master.key',
      ].sort(),
    );
    // Root asks as root.
    expect((await debian.sh(`casare agents --output json`)).out).toContain(TAG);
    // Break-glass, beside it and without it: as the two users who have what it takes.
    const id = (await client.call(api.agents.list, {})).items[0]!.id;
    const locked = await debian.sh(`casare-certs --local lock agent/${id} --reason drill`);
    expect(locked.code, locked.out).toBe(0);
    expect(await client.call(api.locks.list, { query: {} })).toMatchObject({
      items: [{ target: id, createdBy: 'local:casare-signer' }],
    });
    await served.stop();
    const unlocked = await debian.sh(`casare-certs --local unlock agent/${id} || exit
      find /var/lib/casare ! -user casare-web; find /var/lib/casare-signer ! -user casare-signer; find /tmp -type p`);
    expect(unlocked.code, unlocked.out).toBe(0);
    expect(unlocked.out).not.toMatch(/^\/(var|tmp)/m);
  });

  test('an upgrade whose migrations fail changes nothing: it says so, and the version from before serves again', async () => {
    await install(packages.broken);
    const signer = await startUnit(debian, 'casare-signer', running);
    const broken = await startUnit(debian, SERVER, running);
    expect(await broken.ended).toBe(1);
    expect(migrated(broken)).toEqual(['later', 'latest']);
    expect(broken.output).toMatch(
      /^MIGRATION_FAILED: .*_latest\.sql failed, and none of this start was applied: .*start the version from before\.$/m,
    );
    expect(await signer.stop()).toBe(0);
    await install(packages.now);
    const served = await serve();
    expect((await served.client.call(api.jobs.get, { params: { id: firstJob } })).state).toBe('succeeded');
    await served.stop();
  });

  test('an upgrade migrates once, before it serves; configuration, agents and history stay', async () => {
    const configuration = (await debian.sh(`cat ${FILE}`)).out;
    await install(packages.later);
    const first = await serve();
    expect(migrated(first.server)).toEqual(['later']);
    expectDone(await over(first.client, (await submitWork(first.client, shop, TAG)).id));
    await first.stop();
    expect(first.server.output.indexOf('migrating')).toBeLessThan(first.server.output.indexOf('Casare is up'));
    const second = await serve();
    expect(migrated(second.server)).toEqual([]);
    expect((await debian.sh(`cat ${FILE}`)).out).toBe(configuration);
    await second.stop();
  });

  test('what the timer starts makes a backup that is whole, and keeps the newest', async () => {
    const [archives, keys] = ['/var/backups/casare/archives', '/var/backups/casare/keys'];
    await debian.sh(
      `(umask 077; echo correct horse battery > /etc/casare/backup-passphrase); chown casare-web /etc/casare/backup-passphrase
       for day in $(seq 10 24); do for f in ${archives}/casare-202001\${day}T000000Z.backup ${keys}/casare-202001\${day}T000000Z.keys; do
         : > $f; done; done; : > ${archives}/casare-mine.backup; chown -R casare-web: /var/backups/casare`,
    );
    const served = await serve();
    const backup = await startUnit(debian, 'casare-backup', running);
    expect(await backup.ended, backup.output).toBe(0);
    expect(backup.output).toContain('Not in the backup: master.key');
    const { out } = await debian.sh(`ls ${archives} ${keys}`);
    const names = out.split('\n').filter((name) => /^casare-.*\.(backup|keys)$/.test(name));
    const made = names.filter((name) => !name.startsWith('casare-2020') && name !== 'casare-mine.backup');
    expect(made).toEqual([
      expect.stringMatching(/^casare-\d{8}T\d{6}Z\.backup$/) as string,
      expect.stringMatching(/^casare-\d{8}T\d{6}Z\.keys$/) as string,
    ]);
    // 14 stay, and what is nobody's of this.
    expect(names.filter((name) => name.endsWith('.backup'))).toHaveLength(15);
    expect(names.filter((name) => name.endsWith('.keys'))).toHaveLength(14);
    expect(names).not.toContain('casare-20200111T000000Z.keys');
    expect(names).toContain('casare-20200112T000000Z.backup');
    const verified = await debian.sh(
      `casare backup verify ${archives}/${made[0]} --keys ${keys}/${made[1]} --passphrase-file /etc/casare/backup-passphrase`,
    );
    expect(verified, verified.out).toMatchObject({ code: 0 });
    await served.stop();
  });

  test('purge without anybody to ask keeps the data, and says how to remove it; installed again it is the same', async () => {
    const kept = await debian.sh(`dpkg --purge ${SERVER} < /dev/null`);
    expect(kept.code, kept.out).toBe(0);
    expect(kept.out).toMatch(
      /^casare-control-plane: the data is kept; to remove it: rm -r \/var\/lib\/casare .*\/backup-passphrase; userdel .*$/m,
    );
    expect((await debian.sh(`ls ${HERE}`)).code).not.toBe(0);
    await install(packages.later);
    const served = await serve();
    expect((await served.client.call(api.jobs.get, { params: { id: firstJob } })).state).toBe('succeeded');
    await served.stop();
  });

  test('purge on a terminal asks, and a plain Enter keeps the data', async () => {
    const { code, out } = await debian.sh(atTerminal(`dpkg --purge ${SERVER}`, ''));
    expect(code, out).toBe(0);
    expect(out).toContain('Remove the data of this control plane too?');
    expect(out).toContain('the data is kept');
    expect((await debian.sh('ls /var/lib/casare/admin.json')).code).toBe(0);
    await install(packages.later);
  });

  test.for([
    ['told so beforehand', `CASARE_PURGE_DATA=1 dpkg --purge ${SERVER} < /dev/null`],
    ['told so on a terminal', atTerminal(`dpkg --purge ${SERVER}`, 'yes')],
  ] as const)('purge that is %s removes all but backups', async ([, command]) => {
    // Again what the first of these has removed.
    await install(packages.later);
    const purged = await debian.sh(command);
    expect(purged.code, purged.out).toBe(0);
    const left = await debian.sh(
      `find / -xdev -name '*casare*' ! -path '/mnt/*' ! -path '/tmp/*' ! -path '/proc/*' ! -path '/var/backups/casare/*'
       getent passwd casare-web casare-signer; getent group casare-web casare-signer; dpkg -l | grep casare
       find /var/backups/casare ! -user root`,
    );
    expect(left.out).toBe('/var/backups/casare\n');
  });
});

/** A script that runs a command on a terminal of its own, where somebody answers. */
function atTerminal(command: string, answer: string): string {
  return `printf '%s\\n' '${answer}' | DEBIAN_FRONTEND=teletype script --quiet --return --command '${command}' /dev/null`;
}

async function over(client: Client, job: string) {
  return until(`job ${job}`, 120_000, async () => {
    const found = await client.call(api.jobs.get, { params: { id: job } }).catch(() => null);
    return found && /^(succeeded|failed|timed_out|cancelled|needs_review)$/.test(found.state) ? found : false;
  });
}
