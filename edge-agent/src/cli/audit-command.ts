/** `casare-agent audit`: the agent's own audit log, for whoever runs the machine. No control plane is asked. */
import { type Command, Option } from 'commander';
import { auditEntries, verifyAudit } from '../audit/index.ts';
import { Fault } from '../fault.ts';
import { agentHome } from '../identity/index.ts';
import type { Surroundings } from './surroundings.ts';

interface Flags {
  home?: string;
  since?: string;
  verify?: true;
  head?: string;
  output: 'table' | 'json';
}

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

export function addAudit(program: Command, around: Surroundings): void {
  program
    .command('audit')
    .description("write this agent's audit log, one JSON entry a line; with --verify say whether it is whole")
    .option('--since <when>', 'a time (ISO 8601), or how long ago, such as 90m, 24h, 7d')
    .option('--verify', 'follow the chain of hashes to its end instead; exit 1 when it is broken')
    .option('--head <hash>', 'with --verify: a hash that was kept elsewhere, which must occur')
    .addOption(
      new Option('--output <kind>', 'how to say it, with --verify').choices(['table', 'json']).default('table'),
    )
    .option('--home <dir>', 'agent home (default: $CASARE_HOME/agent, or .casare/agent)')
    .action(async (flags: Flags) => {
      const { audit } = agentHome(flags.home, around.environment);
      await (flags.verify === true ? verify(audit, flags, around) : write(audit, flags, around));
    });
}

async function write(folder: string, { since, head }: Flags, around: Surroundings): Promise<void> {
  if (head !== undefined) throw usage('--head goes with --verify');
  const from = since === undefined ? -Infinity : sinceOf(since, Date.now());
  for await (const { line, entry } of auditEntries(folder)) {
    if (Date.parse(entry.at) >= from) around.print(`${line}\n`);
  }
}

async function verify(folder: string, flags: Flags, around: Surroundings): Promise<void> {
  if (flags.since !== undefined) throw usage('--verify follows the whole log: leave --since out');
  const { from, entries, head } = await verifyAudit(folder, flags.head?.toLowerCase() ?? null);
  if (flags.output === 'json') {
    around.print(`${JSON.stringify({ whole: true, from, entries, ...head })}\n`);
    return;
  }
  const older = from > 1 ? `, entries before ${from} were removed as it grew` : '';
  around.print(`whole: ${entries} entries up to ${head.position}${older}\nhead: ${head.hash}\n`);
}

function sinceOf(text: string, now: number): number {
  const [, count, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  if (count !== undefined && unit !== undefined) return now - Number(count) * (UNITS[unit] ?? 0);
  const at = Date.parse(text);
  if (!Number.isNaN(at)) return at;
  throw usage(`--since takes a time such as 2026-11-26T08:00:00Z, or 90m, 24h, 7d, not ${text}`);
}

function usage(message: string): Fault {
  return new Fault('USAGE', message, { exitCode: 2 });
}
