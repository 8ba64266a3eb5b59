/**
 * `casare-agent status`: what the agent of a home is and does, as it says itself; where it does not run, what it kept last
 * and how to start it. Exit 0: it is connected and may get jobs; 1: it does not run; 6: it runs and gets no jobs.
 */
import { type Command, Option } from 'commander';
import { Fault } from '../fault.ts';
import { type AgentHome, agentHome } from '../identity/index.ts';
import { askStatus, keptStatus, type Status } from '../service/index.ts';
import { table } from './output.ts';
import { type PlaceFlags, withPlace } from './place.ts';
import { idleReason } from './status.decision.ts';
import type { Surroundings } from './surroundings.ts';

interface Flags extends PlaceFlags {
  readonly output: 'table' | 'json';
  readonly json?: true;
}

/** The agent runs and gets no jobs, which was said. */
export class AgentIdle extends Error {}
export const IDLE_EXIT = 6;

const UNKNOWN = 'unknown';

export function addStatus(program: Command, around: Surroundings): void {
  withPlace(program.command('status'))
    .description('what the agent of this home is and does')
    .addOption(new Option('--output <kind>', 'how to show it').choices(['table', 'json']).default('table'))
    .option('--json', 'the same as --output json')
    .action(async (flags: Flags) => {
      // the home alone decides: a fault that got into agent.yaml since the start is none of the agent that runs
      const home = agentHome(flags.home, around.environment);
      const json = flags.json === true || flags.output === 'json';
      const status = await asked(home, json, around);
      const idle = idleReason(status);
      const text = json
        ? `${JSON.stringify({ up: true, ...status, ...(idle === null ? {} : { idle }) })}\n`
        : table(['WHAT', 'IS'], rowsOf(status, idle));
      around.print(text);
      if (idle !== null) throw new AgentIdle();
    });
}

/** The running agent's word; without one, what it kept is shown, and AGENT_NOT_RUNNING thrown. */
async function asked(home: AgentHome, json: boolean, around: Surroundings): Promise<Status> {
  try {
    return await askStatus(home);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const last = keptStatus(home);
    const start = `casare-agent run --home ${home.root}`;
    if (json) around.print(`${JSON.stringify({ up: false, start, last })}\n`);
    else if (last !== null) around.print(table(['WHAT', 'WAS'], rowsOf(last, null)));
    throw error;
  }
}

function rowsOf(status: Status, idle: string | null): [string, string][] {
  const { tunnel, outbox, lastError } = status;
  const why = tunnel.why === undefined ? '' : ` (${tunnel.why})`;
  const generation = status.certificateGeneration === undefined ? '' : `, generation ${status.certificateGeneration}`;
  return [
    ['agent', `${status.name} (${status.agentId}), tenant ${status.tenant}`],
    ['process', `pid ${status.pid}, version ${status.version}, since ${status.startedAt}`],
    ['state', `${status.agentState ?? UNKNOWN}${idle === null ? '' : `: gets no jobs, ${idle}`}`],
    ['tunnel', `${tunnel.state} since ${tunnel.since}${why}`],
    ['control plane', `${tunnel.url}, version ${status.controlPlane ?? UNKNOWN}`],
    ['way out', status.network ?? UNKNOWN],
    ['certificate', `until ${status.certificateUntil}${generation}`],
    ['keys', status.keyStorage ?? UNKNOWN],
    ['bundle', status.bundle === undefined ? UNKNOWN : status.bundle.slice(0, 16)],
    ['sealing key', status.sealingKey ?? UNKNOWN],
    ['policy', status.policy ?? UNKNOWN],
    ['slots', slotsText(status)],
    ['browser', status.browser],
    ['desktop', status.desktop ?? UNKNOWN],
    ['capabilities', status.capabilities.join(', ')],
    ...status.running.map((run): [string, string] => ['running', runText(run)]),
    ['held runs', String(status.heldRuns)],
    ...(outbox === undefined ? [] : [['outbox', outboxText(outbox)] as [string, string]]),
    ...(lastError === undefined || lastError === null
      ? []
      : [['last error', `${lastError.at} ${lastError.message}`] as [string, string]]),
  ];
}

/** Of each kind, how many are in use. */
function slotsText({ slots, running }: Status): string {
  return Object.entries(slots)
    .map(([kind, count]) => `${kind} ${running.filter((run) => run.slot === kind).length} of ${count}`)
    .join(', ');
}

function runText({ workflow, jobId, attempt, since, step }: Status['running'][number]): string {
  const where = typeof step === 'string' ? `, step ${step}` : '';
  const began = typeof since === 'string' ? `, since ${since}` : '';
  return `${workflow}: job ${jobId}, attempt ${attempt}${where}${began}`;
}

function outboxText({ events, oldest, files, fileBytes }: NonNullable<Status['outbox']>): string {
  const waiting = `${events} events${oldest === null ? '' : `, the oldest of ${oldest}`}`;
  return events + files === 0 ? 'nothing waits' : `${waiting}, ${files} files of ${fileBytes} bytes`;
}
