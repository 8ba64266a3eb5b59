/** `rotate …`: start, look at, move on and take back the rotation of a CA. */
import { rotations as endpoints, type CaKind, type Rotation } from '@casare/shared/api';
import { api } from '@casare/shared/client';
import { table } from '@casare/shared/terminal';
import { type Command, Option } from 'commander';
import {
  atDesk,
  changeOf,
  changing,
  example,
  sayDryRun,
  type ChangeOptions,
  type Desk,
  type Surroundings,
} from './desk.ts';
import { CliError, EXIT, type ExitCode } from './exit.ts';
import { rotationLine, rotationText, ROTATION_COLUMNS, STRAGGLER_COLUMNS } from './rotation-view.ts';
import { days, seconds } from './time.ts';
import { waitFor } from './wait.ts';

const KINDS = ['server-root', 'agent-root', 'server-ca', 'agent-ca'] as const;

interface WaitOptions {
  readonly wait?: boolean;
  readonly timeout: string;
}
interface StartOptions extends ChangeOptions, WaitOptions {
  readonly kind: (typeof KINDS)[number];
  readonly emergency?: boolean;
  readonly automatic?: boolean;
  readonly seenWithin: string;
  readonly authority?: string;
  readonly reason?: string;
}
interface StatusOptions extends WaitOptions {
  readonly stragglers?: boolean;
  readonly leftBehind?: boolean;
  readonly all?: boolean;
  readonly limit: string;
  readonly cursor?: string;
}

export function addRotateCommands(program: Command, around: Surroundings, end: (code: ExitCode) => void): void {
  const rotate = program.command('rotate').description('rotate a CA without disconnecting anybody');
  const waiting = (command: Command): Command =>
    command
      .option('--wait', 'until the gate of the phase is met')
      .option('--timeout <time>', 'how long to wait; then exit code 7', '1h');

  const start = waiting(changing(rotate.command('start')))
    .description('start to rotate a CA: make the new one and tell verifiers of it')
    .addOption(new Option('--kind <kind>', 'what to rotate').choices(KINDS).makeOptionMandatory())
    .option('--emergency', 'the old key is in wrong hands: no cross-signing, renewal at once, then revocation')
    .option('--automatic', 'go on by itself whenever a gate is met')
    .option('--seen-within <time>', 'gates wait for agents that were seen within this time', '30d')
    .option('--authority <id>', 'a CA that stands by (see `root import`), instead of a new one')
    .option('--reason <text>', 'why, for the audit log')
    .action((options: StartOptions, command: Command) =>
      atDesk(command, around, async (desk) => {
        const { kind, emergency = false, automatic = false, authority, reason = '' } = options;
        if (emergency && reason === '') throw new CliError('USAGE', 'an emergency needs a --reason', EXIT.usage);
        const body = {
          kind: kind.replace('-', '_') as CaKind,
          ...{ emergency, automatic, reason, seenDays: days(options.seenWithin) },
          ...(authority === undefined ? {} : { authority }),
          ...changeOf(options),
        };
        const started = await desk.client.call(endpoints.start, { body });
        await finish(desk, started, options);
      }),
    );
  example(start, 'rotate start --kind agent-ca --wait', 'rotate start --kind server-root --dry-run');

  const status = waiting(rotate.command('status'))
    .description('the phase of a rotation, ready of total, who is missing, the next safe command')
    .argument('[id]', 'default: the open rotation')
    .option('--stragglers', 'list everything that the gate waits for')
    .option('--left-behind', 'list what the gate does not wait for: away for too long')
    .option('--all', 'list rotations, also those that have ended')
    .option('--limit <n>', 'how many', '50')
    .option('--cursor <cursor>', 'the next page')
    .action((id: string | undefined, options: StatusOptions, command: Command) =>
      atDesk(command, around, async (desk) => {
        const { limit, cursor } = options;
        const page = { limit, ...(cursor === undefined ? {} : { cursor }) };
        if (options.all) {
          desk.list(await desk.client.call(endpoints.list, { query: page }), ROTATION_COLUMNS);
          return;
        }
        const rotation = await rotationOf(desk, id);
        if (options.stragglers || options.leftBehind) {
          const query = { ...page, leftBehind: options.leftBehind ? 'true' : 'false' } as const;
          const params = { id: rotation.id };
          desk.list(await desk.client.call(endpoints.stragglers, { params, query }), STRAGGLER_COLUMNS);
          return;
        }
        desk.show(options.wait ? await untilMet(desk, rotation, options) : rotation, rotationText);
      }),
    );
  example(status, 'rotate status', 'rotate status --stragglers', 'rotate status --wait --timeout 10m');

  const advance = waiting(changing(rotate.command('advance')))
    .description('move a rotation to its next phase; exit code 5 when its gate is not met')
    .argument('[id]', 'default: the open rotation')
    .option('--leave-stragglers', 'go on without agents that are away; whoever is connected is always waited for')
    .action(
      (
        id: string | undefined,
        options: ChangeOptions & WaitOptions & { leaveStragglers?: boolean },
        command: Command,
      ) =>
        atDesk(command, around, async (desk) => {
          const found = await rotationOf(desk, id);
          const { leaveStragglers = false } = options;
          const ready = options.wait && !leaveStragglers ? await untilMet(desk, found, options) : found;
          const body = { leaveStragglers, from: ready.phase, ...changeOf(options) };
          const moved = await desk.client.call(endpoints.advance, { params: { id: ready.id }, body });
          sayDryRun(desk, options);
          desk.show(moved, rotationText);
        }),
    );
  example(advance, 'rotate advance', 'rotate advance --wait', 'rotate advance --leave-stragglers');

  const rollback = changing(rotate.command('rollback'))
    .description('go back to the old CA; possible until the old one is retired')
    .argument('[id]', 'default: the open rotation')
    .requiredOption('--reason <text>', 'why, for the audit log')
    .action((id: string | undefined, options: ChangeOptions & { reason: string }, command: Command) =>
      atDesk(command, around, async (desk) => {
        const { id: found, phase: from } = await rotationOf(desk, id);
        const body = { reason: options.reason, from, ...changeOf(options) };
        const moved = await desk.client.call(endpoints.rollback, { params: { id: found }, body });
        sayDryRun(desk, options);
        desk.show(moved, rotationText);
      }),
    );
  example(rollback, 'rotate rollback --reason "agents of the plant cannot renew"');

  async function finish(desk: Desk, rotation: Rotation, options: ChangeOptions & WaitOptions): Promise<void> {
    sayDryRun(desk, options);
    const waits = options.wait && !options.dryRun;
    const shown = waits ? await untilMet(desk, rotation, options) : rotation;
    desk.show(shown, rotationText);
    if (waits && shown.gate !== null && !shown.gate.met) end(EXIT.gateUnmet);
  }
}

/** The rotation that is meant: by its id, or the only open one. */
async function rotationOf({ client }: Desk, id: string | undefined): Promise<Rotation> {
  if (id !== undefined) return client.call(endpoints.get, { params: { id } });
  const { rotations } = await client.call(api.trust.status);
  const [only, ...more] = rotations;
  if (only === undefined) {
    throw new CliError('ROTATION_NONE', 'No rotation is open: start one with `rotate start`', EXIT.notFound);
  }
  if (more.length === 0) return only;
  const names = table(rotations, ROTATION_COLUMNS);
  throw new CliError('USAGE', `${rotations.length} rotations are open: name one by its id. ${names}`, EXIT.usage);
}

/** Waits until the gate is met or the rotation has ended, and says each change. */
function untilMet(desk: Desk, rotation: Rotation, { timeout }: WaitOptions): Promise<Rotation> {
  let said = '';
  return waitFor({
    what: rotationLine(rotation),
    timeoutSeconds: seconds(timeout),
    signal: desk.around.signal,
    look: async () => {
      const now = await desk.client.call(endpoints.get, { params: { id: rotation.id } });
      const line = rotationLine(now);
      if (line !== said) desk.around.error(`${line}\n`);
      said = line;
      return now.gate === null || now.gate.met ? now : null;
    },
  });
}
