/**
 * The package of the agent in a Debian 12 that holds nothing else. systemd does not run there (systemd.test.ts): what
 * the unit says is run as its user by setpriv, without the sandbox that systemd would make around it.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { api } from '@casare/shared/client';
import { builtDeb } from '../support/built-debs.ts';
import { CLEAN, enterDebian, type Guest, whyNoRoot } from '../support/debian-root.ts';
import { Gate } from '../support/gate.ts';
import { expectDone, openShop, type Shop, submitWork } from '../support/packed-work.ts';
import { startStack, type Stack, until } from '../support/stack.ts';
import { readUnit } from '../support/unit-file.ts';

const BUILD_MS = 15 * 60_000;
const TAG = 'room=deb';
const reason = await whyNoRoot('the package');
if (reason !== null) console.log(`skipped: ${reason}`);

let folder = '';
let stack: Stack;
let shop: Shop;
let debian: Guest;
const running: ChildProcess[] = [];
const packages = { now: '', later: '' };

beforeAll(async () => {
  if (reason !== null) return;
  folder = mkdtempSync(path.join(tmpdir(), 'casare-deb-'));
  const built = await builtDeb('casare-agent');
  debian = await enterDebian('bookworm', CLEAN, folder);
  shop = await openShop();
  // Last: it has a minute to be there, and nothing else is to take the machine meanwhile.
  stack = await startStack(new Gate(Infinity));
  packages.now = await debian.bring(built);
  // The same under a higher version, made of the first: what is in it is not compressed anew.
  const later = `cd /tmp && dpkg-deb -R ${packages.now} later && sed -i 's/^Version: .*/&+later/' later/DEBIAN/control
    dpkg-deb --root-owner-group -Znone -b later /tmp/later.deb && rm -r later`;
  expect(await debian.sh(later)).toMatchObject({ code: 0 });
  packages.later = '/tmp/later.deb';
}, BUILD_MS);
afterAll(async () => {
  for (const child of running) child.kill('SIGKILL');
  if (reason === null) {
    await debian.end();
    await shop.close();
    await stack.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});

/** A start of the service, as its unit has it: root's part first, then the program as the unit's user. */
interface Started {
  readonly child: ChildProcess;
  output: string;
  readonly ended: Promise<number | null>;
}

async function startService(unit = 'casare-agent'): Promise<Started> {
  const { out } = await debian.sh(`cat /lib/systemd/system/${unit}.service`);
  const service = readUnit(out).get('Service')!;
  const [user, group] = ['User', 'Group'].map((key) => service.get(key)![0]!);
  for (const before of service.get('ExecStartPre') ?? []) {
    expect(before).toMatch(/^\+\//);
    expect(await debian.sh(before.slice(1))).toEqual({ code: 0, out: '' });
  }
  const as = ['setpriv', `--reuid=${user}`, `--regid=${group}`, '--init-groups', '--no-new-privs', '--'];
  const [program, args] = debian.command([...as, ...service.get('ExecStart')![0]!.split(' ')]);
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  running.push(child);
  const ended = once(child, 'close').then(([code]) => code as number | null);
  const started: Started = { child, output: '', ended };
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (part: Buffer) => (started.output += part.toString()));
  }
  return started;
}

/** SIGTERM to the program alone, as systemd sends it first. */
async function stopService({ ended }: Started, verb = 'run --home'): Promise<void> {
  await debian.sh(
    `for p in /proc/[0-9]*; do tr '\\0' ' ' < $p/cmdline | grep -q '^/usr/lib/casare-agent/node .* ${verb}' && kill -TERM "\${p#/proc/}"; done`,
  );
  expect(await ended).toBe(0);
}

async function agentNow() {
  return until('the agent', 90_000, async () => {
    const { items } = await stack.client.call(api.agents.list, {});
    return items.find(({ name, connected }) => name === 'a clean Debian' && connected) ?? false;
  });
}

async function token(): Promise<string> {
  return (await stack.client.call(api.joinTokens.create, { body: { autoApprove: true, tags: [TAG] } })).token;
}

/** What root of the machine, or its configuration management, does. */
async function configure(url: string, joinToken: string): Promise<void> {
  const yaml = `url: ${url}\\nname: a clean Debian\\nslots: { browser: 0, desktop: 0 }\\n`;
  const script = `mkdir -p /etc/casare; printf '${yaml}' > /etc/casare/agent.yaml
    (umask 077; printf '%s\\n' '${joinToken}' > /etc/casare/join-token)`;
  expect(await debian.sh(script)).toEqual({ code: 0, out: '' });
}

describe.skipIf(reason !== null)('the .deb in a clean Debian', { timeout: 300_000 }, () => {
  test('it installs without a question, makes its users and its configuration, and may be configured again', async () => {
    const installed = await debian.sh(`dpkg -i ${packages.now} < /dev/null`);
    expect(installed.code, installed.out).toBe(0);
    const again = await debian.sh('/var/lib/dpkg/info/casare-agent.postinst configure ""');
    expect(again.code, again.out).toBe(0);
    const { out } = await debian.sh(
      `stat -c '%U:%G %a %n' /etc/casare/agent.yaml /var/lib/casare-agent /var/lib/casare-worker /var/lib/casare-workers /usr/lib/casare-agent/node
       getent passwd casare-agent casare-worker | cut -d: -f1,7; readlink /etc/systemd/system/multi-user.target.wants/casare*
       ls /usr/lib/casare-agent/sbom.cdx.json /usr/lib/casare-agent/THIRD-PARTY-NOTICES.txt`,
    );
    expect(out.trimEnd().split('\n')).toEqual([
      'root:root 644 /etc/casare/agent.yaml',
      'casare-agent:casare-agent 700 /var/lib/casare-agent',
      'casare-worker:casare-worker 700 /var/lib/casare-worker',
      'casare-agent:casare-worker 2750 /var/lib/casare-workers',
      'root:root 755 /usr/lib/casare-agent/node',
      'casare-agent:/usr/sbin/nologin',
      'casare-worker:/usr/sbin/nologin',
      '/lib/systemd/system/casare-agent-workers.service',
      '/lib/systemd/system/casare-agent.service',
      '/usr/lib/casare-agent/THIRD-PARTY-NOTICES.txt',
      '/usr/lib/casare-agent/sbom.cdx.json',
    ]);
  });

  test('without a token, with a wrong one, without a control plane: one line, and a code that says whether to start again', async () => {
    const none = await startService();
    expect(await none.ended).toBe(3);
    expect(none.output).toMatch(/^NOT_ENROLLED: [^\n]*\/var\/lib\/casare-agent\/join-token[^\n]*\n$/);

    const wrong = await token();
    const [id, secret, pin] = wrong.split('.') as [string, string, string];
    await configure(stack.enrolUrl, [id, [...secret].reverse().join(''), pin].join('.'));
    const refused = await startService();
    expect(await refused.ended).toBe(3);
    expect(refused.output).toMatch(/^WRONG_TOKEN: [^\n]*\n$/);

    await configure('https://127.0.0.1:1', wrong);
    const alone = await startService();
    await until('a try', 30_000, async () => /UNREACHABLE: 127\.0\.0\.1:1 [^\n]*next try in/.test(alone.output));
    await stopService(alone);

    await debian.sh("printf 'urll: x\\n' > /etc/casare/agent.yaml");
    const faulty = await startService();
    expect(await faulty.ended).toBe(2);
    expect(faulty.output).toMatch(/^CONFIG_INVALID: [^\n]*\n\/etc\/casare\/agent\.yaml:1:1: .*`url`\? \(\/urll\)\n$/);
  });

  test('it enrols as its own user, erases both copies of the token, and runs a job with http, file and data steps', async () => {
    await configure(stack.enrolUrl, await token());
    const service = await startService();
    const before = await agentNow();
    const { out } = await debian.sh(
      `ls /etc/casare; ls /var/lib/casare-agent | grep token; find /var/lib/casare-agent ! -user casare-agent`,
    );
    expect(out).toBe('agent.yaml\n');
    const workers = await startService('casare-agent-workers');
    const work = await submitWork(stack.client, shop, TAG);
    expectDone(await stack.over(work.id));
    expect(workers.output).toContain('has admitted this host');
    // Root asks as root, and leaves nothing of root's behind.
    const status = await debian.sh('casare-agent status --output json');
    expect(JSON.parse(status.out)).toMatchObject({ agentId: before.id });
    expect((await debian.sh('casare-agent healthcheck')).code).toBe(0);
    expect((await debian.sh('find /var/lib/casare-agent ! -user casare-agent')).out).toBe('');
    // Neither the workers' user nor anybody else gets in.
    const other = await debian.sh(
      'setpriv --reuid=casare-worker --regid=casare-worker --clear-groups cat /var/lib/casare-agent/credential.pem',
    );
    expect(other).toMatchObject({ code: 1, out: expect.stringMatching(/Permission denied/) as string });
    await stopService(workers, 'worker-host');
    await stopService(service);
  });

  test('an upgrade keeps identity and configuration, and a job that was queued meanwhile runs after it', async () => {
    const before = (await stack.client.call(api.agents.list, {})).items.find(({ name }) => name === 'a clean Debian')!;
    const configuration = (await debian.sh('cat /etc/casare/agent.yaml')).out;
    const work = await submitWork(stack.client, shop, TAG);
    const upgraded = await debian.sh(`dpkg -i ${packages.later} < /dev/null`);
    expect(upgraded.code, upgraded.out).toBe(0);
    const service = await startService();
    const workers = await startService('casare-agent-workers');
    expectDone(await stack.over(work.id));
    expect((await agentNow()).id).toBe(before.id);
    expect((await debian.sh('cat /etc/casare/agent.yaml')).out).toBe(configuration);
    await stopService(workers, 'worker-host');
    await stopService(service);
  });

  test('what a container or another root runs under the numbers of its users goes on when they end', async () => {
    const { out } = await debian.sh(`
      uid=$(id -u casare-worker)
      as="setpriv --reuid=$uid --regid=$(id -g casare-worker) --clear-groups"
      mkdir -p /tmp/other/usr && mount --bind /usr /tmp/other/usr && ln -s usr/bin usr/lib usr/lib64 /tmp/other
      # By name: what ended before and was taken note of by nobody has the number too.
      asleep() {
        for one in /proc/[0-9]*/status; do
          grep -q '^Name:.sleep$' $one && grep -q "^Uid:.$uid\\b" $one && echo $one | cut -d/ -f3
        done 2> /dev/null
      }
      $as sleep 90 > /dev/null 2>&1 & here=$!
      unshare --pid --fork $as sleep 90 > /dev/null 2>&1 &
      chroot /tmp/other $as sleep 90 > /dev/null 2>&1 &
      until [ "$(asleep | wc -l)" = 3 ]; do sleep 0.1; done
      /usr/lib/casare-agent/end-processes
      wait $here; echo $?; asleep | wc -l
      kill -KILL $(asleep); wait; umount /tmp/other/usr; rm -r /tmp/other`);
    expect(out).toBe('143\n2\n');
  });

  test('remove ends what runs and keeps the identity; purge leaves nothing: no file, no user, and says whom to decommission', async () => {
    const service = await startService();
    const workers = await startService('casare-agent-workers');
    const { id } = await agentNow();
    await until('the workers', 60_000, async () => workers.output.includes('has admitted this host'));
    const removed = await debian.sh('dpkg --remove casare-agent');
    expect(removed.code, removed.out).toBe(0);
    expect([await service.ended, await workers.ended]).toEqual([0, 0]);
    expect((await debian.sh('test -s /var/lib/casare-agent/identity.json')).code).toBe(0);
    const purged = await debian.sh('dpkg --purge casare-agent && dpkg --purge casare-agent');
    expect(purged.code, purged.out).toBe(0);
    expect(purged.out).toContain(`casare-agent: the control plane was not told: decommission agent ${id} there\n`);
    await expectNothingLeft();
  });

  test('a purge with CASARE_LEAVE=1 decommissions the agent first', async () => {
    await configure(stack.enrolUrl, await token());
    expect((await debian.sh(`dpkg -i ${packages.now} < /dev/null`)).code).toBe(0);
    const service = await startService();
    const { id } = await agentNow();
    await stopService(service);
    const purged = await debian.sh('CASARE_LEAVE=1 dpkg --purge casare-agent');
    expect(purged.code, purged.out).toBe(0);
    expect(purged.out).toContain(`decommissioned: agent ${id}\n`);
    expect(purged.out).not.toContain('was not told');
    expect(await stack.client.call(api.agents.get, { params: { id } })).toMatchObject({ state: 'decommissioned' });
    await expectNothingLeft();
  });
});

async function expectNothingLeft(): Promise<void> {
  const left = await debian.sh(
    `find / -xdev -name '*casare*' ! -path '/mnt/*' ! -path '/tmp/*' ! -path '/proc/*'; getent passwd casare-agent casare-worker; getent group casare-agent casare-worker; dpkg -l | grep casare`,
  );
  expect(left.out).toBe('');
}
