/** What the packages promise, without building the agent: the bytes of a package, the unit, the scripts. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FINAL_EXITS } from '../../../edge-agent/src/service/exit-codes.ts';
import { heldConfig } from '../../../edge-agent/src/service/agent-config.ts';
import { addFiles, buildDeb, hasDpkg } from '../../../installer/linux/deb.ts';
import { ROOT } from '../../support/program.ts';
import { readUnit } from '../../support/unit-file.ts';

const LINUX = path.join(ROOT, 'installer/linux');
const AGENT = path.join(LINUX, 'agent');
const UNIT = path.join(AGENT, 'root/lib/systemd/system/casare-agent.service');
const AT = new Date('2026-01-01T00:00:00Z');
const dpkg = await hasDpkg();

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'casare-deb-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Builds a package of what is kept in the sources, with everything that may differ between two machines different. */
async function build(name: string, umask: number): Promise<string> {
  const before = process.umask(umask);
  try {
    const tree = path.join(folder, name);
    mkdirSync(tree);
    await addFiles(path.join(AGENT, 'root'), tree);
    const file = path.join(tree, 'usr/bin/casare-agent');
    utimesSync(file, new Date(), new Date(Date.now() - umask * 1_000));
    const about = { name: 'casare-agent', version: '1.2.3', summary: 'of a test', description: 'One.\n\nTwo.' };
    const scripts = path.join(AGENT, 'scripts');
    return await buildDeb({
      ...about,
      depends: ['libc6'],
      scripts,
      tree,
      out: path.join(folder, `out-${name}`),
      at: AT,
    });
  } finally {
    process.umask(before);
  }
}

test.skipIf(!dpkg)('two builds have the same bytes, whoever made them and when', async () => {
  const [one, two] = [await build('one', 0o022), await build('two', 0o077)];
  expect(path.basename(one)).toBe('casare-agent_1.2.3_amd64.deb');
  expect(readFileSync(two).equals(readFileSync(one))).toBe(true);
});

test.skipIf(!dpkg)('everything is of root, and nobody else writes it; scripts run; sums are there', async () => {
  const deb = await build('one', 0o002);
  const list = execFileSync('dpkg-deb', ['--contents', deb], { encoding: 'utf8' }).trimEnd().split('\n');
  expect(list.length).toBeGreaterThan(10);
  for (const line of list) expect(line).toMatch(/^(drwxr-xr-x|-rw-r--r--|-rwxr-xr-x) root\/root .* 2026-01-01 /);
  const runs = list.filter((line) => line.startsWith('-rwx')).map((line) => line.split(' ./')[1]);
  const scripts = [
    'usr/bin/casare-agent',
    'usr/lib/casare-agent/end-processes',
    'usr/lib/casare-agent/hand-over-token',
  ];
  expect(runs).toEqual(scripts);
  const control = path.join(folder, 'control');
  execFileSync('dpkg-deb', ['--control', deb, control]);
  expect(readFileSync(path.join(control, 'control'), 'utf8')).toMatch(
    /\nInstalled-Size: \d+\n.*\n One\.\n \.\n Two\.\n$/s,
  );
  expect(readFileSync(path.join(control, 'md5sums'), 'utf8')).toMatch(/^[0-9a-f]{32} {2}usr\/bin\/casare-agent$/m);
  // No conffiles: the package would ask about agent.yaml, and silent installations would stop.
  expect(readdirSync(control).sort()).toEqual(['control', 'md5sums', 'postinst', 'postrm', 'prerm']);
});

test('the unit stops starting the agent where only a person helps, and gives it the time that it takes to stop', () => {
  const service = readUnit(readFileSync(UNIT, 'utf8')).get('Service')!;
  expect(service.get('RestartPreventExitStatus')).toEqual([FINAL_EXITS.join(' ')]);
  expect(service.get('Restart')).toEqual(['on-failure']);
  const main = readFileSync(path.join(ROOT, 'edge-agent/src/cli/main.ts'), 'utf8');
  const stopMs = Number(/STOP_MS = ([\d_]+)/.exec(main)![1]!.replaceAll('_', ''));
  expect(Number(service.get('TimeoutStopSec')![0])).toBeGreaterThan(stopMs / 1_000);
});

test('the unit hardens: read-only system, own user, no privileges, and no MemoryDenyWriteExecute, under which V8 cannot run', () => {
  const service = readUnit(readFileSync(UNIT, 'utf8')).get('Service')!;
  const wanted = {
    User: 'casare-agent',
    NoNewPrivileges: 'yes',
    CapabilityBoundingSet: '',
    ProtectSystem: 'strict',
    ProtectHome: 'yes',
    PrivateTmp: 'yes',
    PrivateDevices: 'yes',
    RestrictAddressFamilies: 'AF_UNIX AF_INET AF_INET6 AF_NETLINK',
    SystemCallFilter: '@system-service',
    RestrictNamespaces: 'yes',
    StateDirectoryMode: '0700',
  };
  for (const [key, value] of Object.entries(wanted)) expect(service.get(key), key).toEqual([value]);
  expect(service.has('MemoryDenyWriteExecute')).toBe(false);
});

test('jobs run as another user, from whom the unit hides what is the agent’s', () => {
  const unit = readFileSync(path.join(path.dirname(UNIT), 'casare-agent-workers.service'), 'utf8');
  const service = readUnit(unit).get('Service')!;
  expect(service.get('User')).toEqual(['casare-worker']);
  expect(service.get('InaccessiblePaths')).toEqual(['-/var/lib/casare-agent -/etc/casare']);
  expect(service.get('NoNewPrivileges')).toEqual(['yes']);
  // Both meet at one socket, and a host that has met an agent of another version is started anew.
  const socket = (section: ReadonlyMap<string, readonly string[]>) =>
    /socket (\S+)/.exec(section.get('ExecStart')![0]!)?.[1];
  const agent = readUnit(readFileSync(UNIT, 'utf8')).get('Service')!;
  expect(socket(service)).toBe('/var/lib/casare-workers/host.sock');
  expect(socket(agent)).toBe(socket(service));
  expect(service.get('Restart')).toEqual(['always']);
});

test('the configuration that the package brings is one, and says nothing yet', () => {
  const text = readFileSync(path.join(AGENT, 'root/usr/share/casare-agent/agent.yaml'), 'utf8');
  expect(heldConfig(text, '/etc/casare/agent.yaml')).toMatchObject({ url: undefined, network: {} });
  // and so is it when every comment is made a setting
  const all = text.replaceAll(/^# (?=[a-z]+: )/gm, '');
  expect(heldConfig(all, '/etc/casare/agent.yaml')).toMatchObject({ url: expect.stringMatching(/^https:/) as string });
});

test.each(['agent/scripts/postinst', 'agent/scripts/prerm', 'agent/scripts/postrm', 'tarball/install.sh'])(
  '%s is a script that sh can read',
  (script) => {
    execFileSync('sh', ['-n', path.join(LINUX, script)]);
  },
);

test('a line of a unit that is not understood is not passed over', () => {
  expect(() => readUnit('[Service]\nExecStart=/bin/true \\\n')).toThrow('line 2');
  expect(() => readUnit('User=x\n')).toThrow('line 1');
});
