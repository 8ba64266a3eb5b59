/** What stands in the Dockerfiles and in docker-compose.yaml, judged by those who read such files: hadolint, and Compose itself. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { parse } from 'yaml';
import { skipName } from '../../edge-agent/src/desktop/desktop-for-tests.ts';
import { containersOrReason, enterContainerTools } from '../support/container-tools.ts';
import type { Guest } from '../support/debian-root.ts';
import { findHadolint } from '../support/hadolint.ts';
import { ROOT } from '../support/program.ts';

const SETUP_MS = 12 * 60_000;
const DOCKER = path.join(ROOT, 'installer/docker');
const reason = await containersOrReason();
const linter = await findHadolint();
if (!(linter instanceof Function)) console.log(`skipped: ${linter.reason}`);

describe.skipIf(!(linter instanceof Function))('Dockerfiles', () => {
  test.each(readdirSync(DOCKER).filter((name) => name.endsWith('Dockerfile')))(
    'hadolint finds nothing in %s',
    async (name) => {
      expect(linter instanceof Function && (await linter(path.join(DOCKER, name)))).toBe('');
    },
  );
});

const Service = z.looseObject({
  image: z.string(),
  user: z.string().optional(),
  restart: z.string(),
  read_only: z.boolean().optional(),
  cap_drop: z.array(z.string()).optional(),
  security_opt: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string()).default({}),
  healthcheck: z.looseObject({ test: z.array(z.string()).optional() }).default({}),
  network_mode: z.string().optional(),
  networks: z.record(z.string(), z.unknown()).default({}),
  ports: z.array(z.looseObject({ host_ip: z.string(), published: z.string() })).default([]),
  volumes: z.array(z.looseObject({ type: z.string(), source: z.string(), target: z.string() })).default([]),
  logging: z.looseObject({ options: z.record(z.string(), z.string()) }),
});
const Project = z.looseObject({
  services: z.record(z.string(), Service),
  networks: z.record(z.string(), z.looseObject({})),
});

describe.skipIf(reason !== null)(skipName('docker-compose.yaml', reason), () => {
  let debian: Guest;
  const held = new AsyncDisposableStack();
  let project: z.infer<typeof Project>;
  const config = (words: string) => debian.sh(`cd /mnt/docker && docker-compose --profile backup config ${words}`);

  beforeAll(async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'casare-compose-'));
    held.defer(() => rmSync(folder, { recursive: true, force: true }));
    debian = await enterContainerTools(folder);
    held.defer(() => debian.end());
    cpSync(DOCKER, path.join(folder, 'shared/docker'), { recursive: true });
    const read = await config('--format json');
    expect(read.code, read.out).toBe(0);
    project = Project.parse(JSON.parse(read.out));
  }, SETUP_MS);
  afterAll(() => held.disposeAsync());

  const each = () => Object.entries(project.services);

  test('Compose reads it without a word, and refuses it once something in it is wrong', async () => {
    expect(await config('--quiet')).toEqual({ code: 0, out: '' });
    await debian.sh(`cd /mnt/docker && sed 's/depends_on:/depend_on:/' docker-compose.yaml > wrong.yaml`);
    const wrong = await debian.sh('cd /mnt/docker && docker-compose -f wrong.yaml config --quiet');
    expect(wrong).toMatchObject({ code: 15, out: expect.stringContaining('depend_on') as string });
  });

  test('nothing has a right of root, a capability, a file system to write to, or a log without an end', () => {
    expect(Object.keys(project.services).sort()).toEqual(['backup', 'database', 'setup', 'signer', 'web']);
    for (const [name, service] of each()) {
      expect(service, name).toMatchObject({
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
      });
      for (const key of ['cap_add', 'privileged', 'devices', 'pid', 'ipc', 'userns_mode'])
        expect(service, name).not.toHaveProperty(key);
      expect(service.image, name).toMatch(/:[\w.-]*\d[\w.-]*$/);
      expect(service.logging.options, name).toMatchObject({ 'max-size': '20m', 'max-file': '5' });
      // The others are the image's own users, which images.test.ts looks at.
      expect(service.user ?? 'casare-web', name).not.toMatch(/^(root|0)/);
    }
  });

  test('no secret is in the environment, and none is written down', () => {
    for (const [name, { environment }] of each()) {
      for (const [variable, value] of Object.entries(environment)) {
        if (/pass|secret|token|key|_url$/i.test(variable))
          expect(value, `${name}: ${variable}`).toMatch(/^(\/run\/|https:\/\/localhost$|wss:\/\/localhost$)/);
      }
    }
    expect(readFileSync(path.join(DOCKER, 'docker-compose.yaml'), 'utf8')).not.toMatch(/password: ?["']?\w/i);
  });

  test('the keys of the CAs are the signer’s alone, which has no network; the database has no way out', () => {
    const holders = (volume: string) =>
      each().filter(([, { volumes }]) => volumes.some(({ source }) => source === volume));
    expect(holders('signer').map(([name]) => name)).toEqual(['signer']);
    expect(holders('database').map(([name]) => name)).toEqual(['database']);
    expect(project.services['signer']!.network_mode).toBe('none');
    expect(Object.keys(project.services['database']!.networks)).toEqual(['data']);
    expect(project.networks['data']).toMatchObject({ internal: true });
  });

  test('what stays up is started again and says whether it is well; it is reached from this machine alone until somebody says more', () => {
    for (const [name, service] of each()) {
      const once = service.restart === 'no';
      expect(once, name).toBe(name === 'setup' || name === 'backup');
      // The web process is asked by the image's own check.
      if (!once && name !== 'web') expect(service.healthcheck.test, name).toBeDefined();
      expect(service.ports.map(({ host_ip, published }) => `${host_ip}:${published}`)).toEqual(
        name === 'web' ? ['127.0.0.1:443'] : [],
      );
      for (const { type } of service.volumes) expect(type, name).toBe('volume');
    }
  });

  test('every file that control-plane.yaml names lies in a volume that the web process sees', () => {
    const settings = readFileSync(path.join(DOCKER, 'control-plane.yaml'), 'utf8');
    const files = [...settings.matchAll(/\/[\w/.-]+/g)]
      .map(([file]) => file)
      .filter((file) => !file.endsWith('.md') && file.startsWith('/run'));
    expect(parse(settings)).toMatchObject({ host: '0.0.0.0', port: 443 });
    expect(files).toHaveLength(3);
    const seen = project.services['web']!.volumes.map(({ target }) => target);
    for (const file of files) expect(seen).toContain(path.posix.dirname(file));
  });
});
