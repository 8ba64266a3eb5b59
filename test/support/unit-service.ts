/**
 * A service in a Debian of a test's own, where no systemd runs: what its unit says is run as its user by setpriv, without the
 * sandbox that systemd would make around it.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Guest } from './debian-root.ts';
import { readUnit } from './unit-file.ts';

/** A start of a service. */
export interface Started {
  readonly child: ChildProcess;
  /** What it has written. */
  output: string;
  readonly ended: Promise<number | null>;
  /** SIGTERM to the program alone, as systemd sends it first; resolves with its exit code. */
  stop(): Promise<number | null>;
}

/** Starts it: root's part first, then the program as the unit's user, with the unit's environment. */
export async function startUnit(debian: Guest, unit: string, running: ChildProcess[]): Promise<Started> {
  const { out } = await debian.sh(`cat /lib/systemd/system/${unit}.service`);
  const service = readUnit(out).get('Service')!;
  const [user, group, start] = ['User', 'Group', 'ExecStart'].map((key) => service.get(key)![0]!);
  for (const before of service.get('ExecStartPre') ?? []) {
    if (!before.startsWith('+/')) throw new Error(`${unit} has a step that is not root's: ${before}`);
    const done = await debian.sh(before.slice(1));
    if (done.code !== 0 || done.out !== '') throw new Error(`${before} ended with ${done.code}: ${done.out}`);
  }
  const as = ['setpriv', `--reuid=${user}`, `--regid=${group}`, '--init-groups', '--no-new-privs', '--'];
  const environment = ['env', ...(service.get('Environment') ?? [])];
  const [program, args] = debian.command([...as, ...environment, ...start!.split(' ')]);
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  running.push(child);
  const ended = once(child, 'close').then(([code]) => code as number | null);
  const started: Started = {
    child,
    output: '',
    ended,
    async stop() {
      await debian.sh(
        `for p in /proc/[0-9]*; do tr '\\0' ' ' < $p/cmdline | grep -qxF '${start} ' && kill -TERM "\${p#/proc/}"; done`,
      );
      return ended;
    },
  };
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (part: Buffer) => (started.output += part.toString()));
  }
  return started;
}
