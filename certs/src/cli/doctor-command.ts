/** `doctor`: what is wrong with trust, and what to do about it. The judgement is a pure function of what was asked. */
import type { Expiration, TrustStatus } from '@casare/shared/api';
import { api } from '@casare/shared/client';
import { table } from '@casare/shared/terminal';
import type { Command } from 'commander';
import { atDesk, example, type Surroundings } from './desk.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { distance } from './time.ts';

/** One finding. */
export interface Check {
  readonly name: string;
  readonly result: 'ok' | 'warning' | 'failed';
  readonly found: string;
  /** Empty when nothing is wrong. */
  readonly fix: string;
}

const DAY_MS = 86_400_000;
/** A CA that ends within this time is late to be rotated, milliseconds. */
const CA_LATE_MS = 30 * DAY_MS;
/** A rotation that stands still for this long waits for a person, milliseconds. */
const STUCK_MS = 7 * DAY_MS;
const GATEWAY_SILENT_MS = 15_000;

export function addDoctorCommand(program: Command, around: Surroundings, end: (code: ExitCode) => void): void {
  const doctor = program
    .command('doctor')
    .description('what is wrong with trust and what to do; exit code 1 when something is, 10 when something will be')
    .action((_: object, command: Command) =>
      atDesk(command, around, async ({ client, show }) => {
        const status = await client.call(api.trust.status);
        const { items } = await client.call(api.trust.expirations, { query: { within: (2 * DAY_MS) / 1_000 } });
        const checks = checksOf(status, items, around.now());
        show({ checks }, () =>
          table(checks, [
            ['CHECK', ({ name }) => name],
            ['RESULT', ({ result }) => result],
            ['FOUND', ({ found }) => found],
            ['WHAT TO DO', ({ fix }) => fix],
          ]),
        );
        if (checks.some(({ result }) => result === 'failed')) end(EXIT.error);
        else if (checks.some(({ result }) => result === 'warning')) end(EXIT.attention);
      }),
    );
  example(doctor, 'doctor');
}

/** The findings. */
export function checksOf(status: TrustStatus, ending: readonly Expiration[], now: Date): Check[] {
  return [
    signer(status),
    gateways(status, now),
    ...cas(status, now),
    rotations(status, now),
    leaves(ending),
    locks(status),
  ];
}

function signer({ signer: { state, why } }: TrustStatus): Check {
  if (state === 'up') return ok('signer', 'answers');
  return failed('signer', why ?? 'does not answer', 'look at the log of the signer and start it again');
}

function gateways(status: TrustStatus, now: Date): Check {
  const silent = status.gateways.filter(
    ({ heartbeatAt }) => now.getTime() - Date.parse(heartbeatAt) > GATEWAY_SILENT_MS,
  );
  const behind = status.gateways.filter(({ rev }) => rev < status.rev).length - silent.length;
  const found = `${status.gateways.length}, of these ${silent.length} silent and ${Math.max(0, behind)} behind rev ${status.rev}`;
  if (silent.length < status.gateways.length || status.gateways.length === 0) {
    return silent.length === 0 && behind <= 0
      ? ok('gateways', found)
      : warning('gateways', found, 'look again in a minute');
  }
  return failed('gateways', found, 'start the control plane, or look at its connection to the database');
}

function cas({ authorities, rotations: open }: TrustStatus, now: Date): Check[] {
  const used = authorities.filter(({ state }) => state === 'active' || state === 'standby');
  const late = used.filter(({ notAfter }) => Date.parse(notAfter) - now.getTime() < CA_LATE_MS);
  if (late.length === 0) return [ok('CAs', `${used.length} in use, all good for more than 30 days`)];
  return late.map(({ kind, notAfter, tenant }) => {
    const found = `${kind}${tenant === null ? '' : ` of ${tenant}`} ends ${distance(notAfter, now)}`;
    const rotating = open.some((rotation) => rotation.kind === kind && rotation.tenant === tenant);
    if (rotating) return warning('CAs', found, 'finish its rotation: casare-certs rotate status');
    return failed('CAs', found, `casare-certs rotate start --kind ${kind.replace('_', '-')}`);
  });
}

function rotations({ rotations: open }: TrustStatus, now: Date): Check {
  const stuck = open.filter(({ phaseSince }) => now.getTime() - Date.parse(phaseSince) > STUCK_MS);
  if (stuck.length === 0) return ok('rotations', `${open.length} open`);
  return warning(
    'rotations',
    `${stuck.length} stand still for more than a week`,
    'casare-certs rotate status --stragglers',
  );
}

function leaves(ending: readonly Expiration[]): Check {
  const late = ending.filter(({ subject }) => subject === 'gateway' || subject === 'web');
  if (late.length === 0) return ok('listeners', 'their certificates are good for more than two days');
  return warning('listeners', late.map(({ name, notAfter }) => `${name} ends ${notAfter}`).join('; '), late[0]!.next);
}

function locks({ locks: held }: TrustStatus): Check {
  return ok('locks', held === 0 ? 'none' : `${held} held: casare-certs locks`);
}

function ok(name: string, found: string): Check {
  return { name, result: 'ok', found, fix: '' };
}

function warning(name: string, found: string, fix: string): Check {
  return { name, result: 'warning', found, fix };
}

function failed(name: string, found: string, fix: string): Check {
  return { name, result: 'failed', found, fix };
}
