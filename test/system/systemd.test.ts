/**
 * Both packages under a systemd that really runs, in a Debian 12 that holds nothing else: their units in their sandboxes, from
 * `apt install` to `apt purge`. What systemd does not take part in is tested without it (deb, deb-control-plane).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { api, createClient, type Client } from '@casare/shared/client';
import { startPortal } from '../../docs/examples/supplier-portal/server.ts';
import { builtDeb } from '../support/built-debs.ts';
import { bootDebian, whyNoSystemd } from '../support/debian-boot.ts';
import type { Guest } from '../support/debian-root.ts';
import { expectDone, openShop, type Shop, submitWork } from '../support/packed-work.ts';
import { freePorts } from '../support/ports.ts';
import { until } from '../support/stack.ts';

const BUILD_MS = 15 * 60_000;
const TAG = 'room=systemd';
const NAME = 'a booted Debian';
const reason = await whyNoSystemd('the units of the packages');
if (reason !== null) console.log(`skipped: ${reason}`);

/** How exposed each unit may be at most, by `systemd-analyze security`: 10 is a service without a sandbox. */
const EXPOSURE: Readonly<Record<string, number>> = {
  'casare-agent': 2,
  'casare-agent-workers': 2.5,
  'casare-control-plane': 2,
  'casare-signer': 1.5,
  'casare-backup': 2,
};
const BROWSE = `
document: { dsl: '1.0.3', namespace: packed, name: browse, version: '1.0.0' }
do:
  - open: { call: browser.open, with: { url: '\${ $workflow.input.page }' } }
  - read: { call: browser.text, with: { target: 'button "Sign in"' } }
`;
const WAIT = `
document: { dsl: '1.0.3', namespace: packed, name: wait, version: '1.0.0' }
do:
  - begin: { set: { begun: true } }
  - wait: { wait: { seconds: 5 } }
  - end: { set: { waited: true } }
`;

interface Check {
  readonly name: string;
  readonly result: string;
  readonly found: string;
}

let shop: Shop;
let debian: Guest;
/** Their paths in it. */
let debs = '';
let tarball = '';
let client: Client;
let ports: readonly number[] = [];
const held = new AsyncDisposableStack();

beforeAll(async () => {
  if (reason !== null) return;
  const folder = mkdtempSync(path.join(tmpdir(), 'casare-systemd-'));
  held.defer(() => rmSync(folder, { recursive: true, force: true }));
  const [agent, controlPlane] = [await builtDeb('casare-agent'), await builtDeb('casare-control-plane')];
  debian = await bootDebian(folder);
  held.defer(() => debian.end());
  shop = await openShop();
  held.defer(() => shop.close());
  ports = await freePorts(3);
  tarball = await debian.bring(await builtDeb('casare-agent.tarball'));
  debs = `${await debian.bring(controlPlane)} ${await debian.bring(agent)}`;
}, BUILD_MS);
afterAll(() => held.disposeAsync());

/** A script that must do what it says. */
async function root(script: string): Promise<string> {
  const { code, out } = await debian.sh(`set -e\n${script}`);
  expect(code, out).toBe(0);
  return out;
}

/** What systemd knows of a unit. */
async function shown(unit: string): Promise<Readonly<Record<string, string>>> {
  const wanted = 'ActiveState,SubState,Result,ExecMainStatus,ExecMainPID,NRestarts,InvocationID,MainPID,User';
  const out = await root(`systemctl show --property=${wanted} ${unit}`);
  return Object.fromEntries(
    out
      .trim()
      .split('\n')
      .map((line) => line.split('=', 2) as [string, string]),
  );
}

const said = (unit: string) => root(`journalctl --no-pager --output=cat --unit=${unit}`);

async function agentNow(before?: string) {
  return until('the agent', 120_000, async () => {
    const { items } = await client.call(api.agents.list, {});
    return items.find(({ id, name, connected }) => name === NAME && connected && id !== before) ?? false;
  });
}

async function over(job: string) {
  return until(`job ${job}`, 180_000, async () => {
    const found = await client.call(api.jobs.get, { params: { id: job } }).catch(() => null);
    return found && /^(succeeded|failed|timed_out|cancelled|needs_review)$/.test(found.state) ? found : false;
  });
}

/** What root of the machine, or its configuration management, does to set the agent up. */
async function joinToken(): Promise<void> {
  const { token } = await client.call(api.joinTokens.create, { body: { autoApprove: true, tags: [TAG] } });
  await root(
    `printf 'url: https://127.0.0.1:${ports[1]}\nname: ${NAME}\n' > /etc/casare/agent.yaml
     (umask 077; printf '%s\n' '${token}' > /etc/casare/join-token)
     systemctl restart casare-agent`,
  );
}

async function ready(): Promise<void> {
  const url = `http://127.0.0.1:${ports[0]}`;
  await until('the control plane', 180_000, async () => {
    const { ActiveState } = await shown('casare-control-plane');
    if (ActiveState === 'failed') throw new Error(await said('casare-control-plane'));
    return (await fetch(`${url}/readyz`).catch(() => null))?.ok ?? false;
  });
}

describe.skipIf(reason !== null)('the packages under systemd', { timeout: 300_000 }, () => {
  test('apt installs both without a question; the control plane runs, the agent waits for somebody to set it up', async () => {
    // Ports of its own, before anything starts: those of a default may be taken on this machine.
    const [web, enrol, tunnel] = ports;
    await root(
      `mkdir -p /etc/casare
       printf 'web: { port: ${web} }\nenrol: { port: ${enrol} }\ntunnel: { port: ${tunnel} }\n' > /etc/casare/control-plane.yaml
       apt-get install --yes ${debs} < /dev/null`,
    );
    await ready();
    const units = await Promise.all(['casare-control-plane', 'casare-signer', 'casare-agent-workers'].map(shown));
    expect(units).toMatchObject([
      { ActiveState: 'active', User: 'casare-web' },
      { ActiveState: 'active', User: 'casare-signer' },
      { ActiveState: 'active', User: 'casare-worker' },
    ]);
    // 3: a person must do something first. It is not started again until then.
    await until('the agent to give up', 60_000, async () => (await shown('casare-agent')).ActiveState === 'failed');
    expect(await shown('casare-agent')).toMatchObject({ Result: 'exit-code', ExecMainStatus: '3', NRestarts: '0' });
    expect(await said('casare-agent')).toMatch(/^NOT_ENROLLED: /m);
  });

  test('no unit is more exposed than it says', async () => {
    const judge = (unit: string) => `systemd-analyze security --no-pager ${unit}.service | tail -1`;
    const judged = (await root(Object.keys(EXPOSURE).map(judge).join('\n'))).trim().split('\n');
    const levels = judged.map((line) => Number(/: ([\d.]+) /.exec(line)![1]));
    for (const [index, [unit, most]] of Object.entries(EXPOSURE).entries())
      expect(levels[index], unit).toBeLessThanOrEqual(most);
    // What the sandbox shows to a process of it.
    const seen = await root(
      `in_unit() { nsenter --target "$(systemctl show --property=MainPID --value "$1")" --mount -- sh -c "$2"; }
       in_unit casare-agent-workers 'ls -A /etc/casare /var/lib/casare-agent 2>&1 || true; touch /usr/x 2>&1 || true; stat -c %a /tmp'
       in_unit casare-control-plane 'ls -A /var/lib/casare-signer 2>&1 || true'
       nsenter --target "$(systemctl show --property=MainPID --value casare-signer)" --net -- cat /proc/net/dev | tail -n +3 | cut -d: -f1`,
    );
    expect(seen.split('\n').map((line) => line.trim())).toEqual([
      '/etc/casare:',
      '',
      '/var/lib/casare-agent:',
      "touch: cannot touch '/usr/x': Read-only file system",
      '1777',
      'lo',
      '',
    ]);
  });

  test('the agent enrols and runs a job with http, file and data steps, by workers of another user', async () => {
    client = createClient({
      url: `http://127.0.0.1:${ports[0]}`,
      apiKey: (JSON.parse(await root('cat /var/lib/casare/admin.json')) as { apiKey: string }).apiKey,
    });
    await joinToken();
    await agentNow();
    expectDone(await over((await submitWork(client, shop, TAG)).id));
    expect(await shown('casare-agent')).toMatchObject({ ActiveState: 'active', NRestarts: '0', User: 'casare-agent' });
    expect(await root('ls /etc/casare; find /var/lib/casare-agent -name "*token*"')).toBe(
      'agent.yaml\ncontrol-plane.yaml\n',
    );
    // The package's own doctor finds nothing to mend but what desktop jobs need, and knows of the worker host.
    const { checks } = JSON.parse(await root('casare-agent doctor --json')) as { checks: Check[] };
    expect(checks.filter(({ result }) => result !== 'ok').map(({ name }) => name)).toEqual(['session', 'desktop']);
    expect(checks.find(({ name }) => name === 'worker host')!.found).not.toContain('none');
  });

  test('a browser runs in the workers’ sandbox, in its own', async () => {
    const portal = await startPortal({ flaky: false });
    try {
      const { id } = await client.call(api.workflows.push, { body: BROWSE, mediaType: 'application/yaml' });
      const job = await client.call(api.jobs.submit, {
        body: { workflow: id, input: { page: portal.url }, requires: [TAG] },
      });
      expect(await over(job.id)).toMatchObject({ state: 'succeeded', error: null, output: 'Sign in' });
      const { items } = await client.call(api.jobs.logs, { params: { id: job.id }, query: { limit: 100 } });
      expect(JSON.stringify(items)).not.toContain('sandbox');
    } finally {
      await portal.close();
    }
  });

  test('an agent that is killed in the middle of a job is started again and ends it', async () => {
    const { id: document } = await client.call(api.workflows.push, { body: WAIT, mediaType: 'application/yaml' });
    const { id } = await client.call(api.jobs.submit, { body: { workflow: document, requires: [TAG] } });
    await until('its first step', 60_000, async () => {
      const { items } = await client.call(api.jobs.steps, { params: { id }, query: { limit: 10 } });
      return items.some(({ state }) => state === 'completed');
    });
    const before = await shown('casare-agent');
    await root('systemctl kill --kill-whom=main --signal=KILL casare-agent');
    await until('another start', 60_000, async () => {
      const now = await shown('casare-agent');
      return now.ActiveState === 'active' && now.NRestarts === '1' && now.MainPID !== before.MainPID;
    });
    expect(await over(id)).toMatchObject({ state: 'succeeded', output: { waited: true } });
  });

  test('a stop ends the agent softly, and another leaves nothing of the workers behind', async () => {
    await root('systemctl stop casare-agent');
    expect(await shown('casare-agent')).toMatchObject({
      ActiveState: 'inactive',
      Result: 'success',
      ExecMainStatus: '0',
    });
    await root('systemctl stop casare-agent-workers');
    expect(await shown('casare-agent-workers')).toMatchObject({ ActiveState: 'inactive', Result: 'success' });
    expect(
      await root(
        'ls /proc | grep -E "^[0-9]+$" | while read p; do stat -c %U /proc/$p 2> /dev/null || true; done | sort -u',
      ),
    ).not.toMatch(/casare-(agent|worker)/);
    await root('systemctl start casare-agent-workers casare-agent');
    await agentNow();
  });

  test('the timer makes backups once there is a passphrase', async () => {
    expect((await shown('casare-backup.timer')).ActiveState).toBe('active');
    await root('systemctl start casare-backup');
    expect(await root('ls -A /var/backups/casare/archives')).toBe('');
    await root(
      `(umask 077; echo correct horse battery > /etc/casare/backup-passphrase); chown casare-web /etc/casare/backup-passphrase
       mkdir /run/systemd/system/casare-backup.timer.d
       printf '[Timer]\nOnActiveSec=1\nRandomizedDelaySec=0\nAccuracySec=1ms\n' > /run/systemd/system/casare-backup.timer.d/now.conf
       systemctl daemon-reload; systemctl restart casare-backup.timer`,
    );
    await until('a backup', 120_000, async () => {
      const { ActiveState, InvocationID } = await shown('casare-backup');
      return InvocationID !== '' && /^(inactive|failed)$/.test(ActiveState!) && (await said('casare-backup')) !== '';
    });
    expect(await shown('casare-backup'), await said('casare-backup')).toMatchObject({ Result: 'success' });
    expect(await said('casare-backup')).toContain('Not in the backup: master.key');
    expect(await root('ls /var/backups/casare/archives')).toMatch(/^casare-\d{8}T\d{6}Z\.backup\n$/);
    // The timer of the unit again: each reload of systemd would make another.
    await root(
      'rm -r /run/systemd/system/casare-backup.timer.d; systemctl daemon-reload; systemctl restart casare-backup.timer',
    );
  });

  test('the tarball gives the same agent under any umask, is upgraded with its identity, and goes', async () => {
    const before = (await agentNow()).id;
    await root('apt-get purge --yes casare-agent < /dev/null');
    await root(
      `umask 077
       mkdir /root/tarball
       tar --no-same-permissions -xzf ${tarball} -C /root/tarball --strip-components=1
       cd /; /root/tarball/install.sh`,
    );
    await joinToken();
    const { id } = await agentNow(before);
    expectDone(await over((await submitWork(client, shop, TAG)).id));
    const first = await shown('casare-agent');
    await root('umask 077; touch /usr/lib/casare-agent/of-the-version-before; /root/tarball/install.sh');
    expect((await shown('casare-agent'))['InvocationID']).not.toBe(first['InvocationID']);
    expect((await debian.sh('ls /usr/lib/casare-agent/of-the-version-before')).code).not.toBe(0);
    expectDone(await over((await submitWork(client, shop, TAG)).id));
    expect((await agentNow()).id).toBe(id);
    await root('/root/tarball/install.sh --remove');
    expect(
      await root('ls /var/lib/casare-agent/identity.json; systemctl list-units --all --no-legend "casare-agent*"'),
    ).toBe('/var/lib/casare-agent/identity.json\n');
    await root('/root/tarball/install.sh --purge');
    const left = await debian.sh(
      `find / -xdev -name '*casare-agent*' ! -path '/mnt/*' ! -path '/root/*' ! -path '/proc/*' ! -path '/sys/*' ! -path '/var/log/*'
       find / -xdev -name '*casare-worker*' ! -path '/proc/*' ! -path '/sys/*'
       getent passwd casare-agent casare-worker; getent group casare-agent casare-worker`,
    );
    expect(left.out).toBe('');
  });

  test('apt purge stops the control plane, and leaves its data and no unit', async () => {
    const out = await root('apt-get purge --yes casare-control-plane < /dev/null');
    expect(out).toContain('the data is kept');
    expect(await root('systemctl list-units --all --no-legend "casare*"; ls /var/lib | grep casare')).toBe(
      'casare\ncasare-signer\n',
    );
  });
});
